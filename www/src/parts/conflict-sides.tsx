/** The sides of a conflict, column by column: beside each other where there is room, under each other on a phone. */

import { useEffect, useRef } from "preact/hooks";
import { columnName } from "../columns.ts";
import { isSame, type Side, type Sides } from "../mending.ts";
import { ColumnValue } from "./column-value.tsx";

interface Props {
  /** The conflict's; several may stand on one page. */
  id: string;
  sides: Sides[];
  /** What is said in the place of their row, if there is none. */
  gone: string | null;
  /** Per column whose is taken; null while none is chosen. */
  chosen: Record<string, Side> | null;
  onChoose: (column: string, side: Side) => void;
}

export function ConflictSides({ id, sides, gone, chosen, onChoose }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const isChoosing = chosen !== null;
  useEffect(() => {
    if (isChoosing) place.current?.querySelector<HTMLElement>("input")?.focus();
  }, [isChoosing]);
  return (
    <div class="conflict" ref={place}>
      {sides.map((side) => {
        const taken = chosen?.[side.column];
        const radio = (which: Side, words: string) => taken === undefined ? words : (
          <label>
            <input type="radio" name={`${id}-${side.column}`} checked={taken === which} onChange={() => onChoose(side.column, which)} />
            {words}
          </label>
        );
        return (
          <fieldset key={side.column} class="conflict-column" data-differs={side.differs}>
            <legend>{columnName(side.column)}<span class="pill" data-state={side.differs ? "conflict" : "same"}>{side.differs ? "differs" : "the same"}</span></legend>
            <dl class="sides">
              {"before" in side && <div><dt>Before</dt><dd><ColumnValue column={side.column} value={side.before} /></dd></div>}
              <div data-side="mine" data-taken={taken === "mine"}>
                <dt>{radio("mine", "Yours")}</dt>
                <dd><Changed side={side} which="mine" /></dd>
              </div>
              <div data-side="theirs" data-taken={taken === "theirs"}>
                <dt>{radio("theirs", "Theirs")}</dt>
                <dd>{gone !== null ? <span class="nothing">{gone}</span> : <Changed side={side} which="theirs" />}</dd>
              </div>
            </dl>
          </fieldset>
        );
      })}
    </div>
  );
}

/** A side's value; what it changed is underlined. */
function Changed({ side, which }: { side: Sides; which: Side }) {
  const against = "before" in side ? side.before : side[which === "mine" ? "theirs" : "mine"];
  return (
    <>
      <ColumnValue column={side.column} value={side[which]} against={against} />
      {"before" in side && isSame(side[which], side.before) && <span class="hint">as before</span>}
    </>
  );
}
