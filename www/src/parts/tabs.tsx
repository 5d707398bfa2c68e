/** The places inside a view, as links: each has an address of its own. On a phone not all fit, so the open one is scrolled to. */

import { useEffect, useRef } from "preact/hooks";
import "../styles/tabs.css";

interface Props {
  /** Names the navigation for screen readers. */
  label: string;
  /** The address under which the places are, such as `#/context`. */
  under: string;
  tabs: readonly (readonly [name: string, label: string])[];
  open: string;
}

export function Tabs({ label, under, tabs, open }: Props) {
  const list = useRef<HTMLElement>(null);
  useEffect(() => list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }), [open]);
  return (
    <nav ref={list} class="tabs" aria-label={label}>
      {tabs.map(([name, text]) => <a key={name} href={`${under}/${name}`} aria-current={name === open ? "page" : undefined}>{text}</a>)}
    </nav>
  );
}
