/** One WebSocket at a time. What a former one still says is not heard. */
import type { Event } from "./machine.js";
import { decode } from "./wire.js";

export class Socket {
  readonly #address: string;
  readonly #tell: (event: Event) => void;
  #open: WebSocket | undefined;

  constructor(address: string, tell: (event: Event) => void) {
    this.#address = address;
    this.#tell = tell;
  }

  open(): void {
    this.close();
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.#address);
    } catch {
      // Forbidden here. Told later: the machine is in the midst of a step.
      return queueMicrotask(() => this.#open === undefined && this.#tell({ kind: "closed" }));
    }
    socket.binaryType = "arraybuffer";
    this.#open = socket;
    const ifOpen = (event: Event) => this.#open === socket && this.#tell(event);
    socket.onopen = () => ifOpen({ kind: "opened" });
    socket.onclose = () => ifOpen({ kind: "closed" });
    socket.onmessage = ({ data }) => {
      const message = decode(data);
      if (message) ifOpen({ kind: "heard", message });
    };
  }

  send(text: string): void {
    if (this.#open?.readyState === WebSocket.OPEN) this.#open.send(text);
  }

  close(): void {
    const socket = this.#open;
    this.#open = undefined;
    socket?.close();
  }
}
