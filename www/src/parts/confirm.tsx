/** A question before something that cannot be taken back: a modal dialog of the browser's own. */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  title: string;
  action: string;
  children: ComponentChildren;
  onConfirm: () => void;
  onCancel: () => void;
  /** Further ways, with nothing lost. */
  others?: { action: string; onChoose: () => void }[];
}

export function Confirm({ title, action, children, onConfirm, onCancel, others = [] }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  // A layout effect is undone while the dialog is still on the page: only then does closing give the focus back.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onCancel={onCancel}>
      <h2 id="confirm-title">{title}</h2>
      <div class="confirm-text">{children}</div>
      <div class="actions">
        <button type="button" class="button" onClick={onCancel}>Cancel</button>
        {others.map((other) => <button type="button" class="button" key={other.action} onClick={other.onChoose}>{other.action}</button>)}
        <button type="button" class="button danger" onClick={onConfirm}>{action}</button>
      </div>
    </dialog>
  );
}
