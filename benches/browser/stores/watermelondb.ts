// WatermelonDB on its LokiJS adapter, as its documentation sets it up for the web. It keeps all rows as objects in memory and
// marks what it has not synced. It answers its own records.
//
// As shipped, a write returns before anything is on disk: Loki saves every half second what has changed. `saved` has it saved
// before a write returns. Its durability is the browser's default, relaxed.

import { Database, Model, Q, appSchema, tableSchema } from "@nozbe/watermelondb";
import LokiJSAdapter from "@nozbe/watermelondb/adapters/lokijs";
import { field, text } from "@nozbe/watermelondb/decorators";
import { removeDatabases, type Note, type Open, type Store } from "./store.js";

class NoteRecord extends Model {
  static override table = "notes";

  @text("user_id") declare user_id: string;
  @text("title") declare title: string;
  @text("body") declare body: string;
  @text("status") declare status: string;
  @field("score") declare score: number;
  @text("at") declare at: string;
}

const SCHEMA = appSchema({
  version: 1,
  tables: [tableSchema({
    name: "notes",
    columns: [
      { name: "user_id", type: "string" }, { name: "title", type: "string" }, { name: "body", type: "string" },
      { name: "status", type: "string", isIndexed: true }, { name: "score", type: "number" }, { name: "at", type: "string", isIndexed: true },
    ],
  })],
});

interface Loki {
  saveDatabase(callback: (error?: Error) => void): void;
  close(): void;
}

export const openWatermelonDb: Open = (name) => opened(name, false);
export const openWatermelonDbSaved: Open = (name) => opened(name, true);

async function opened(name: string, saved: boolean): Promise<Store> {
  const adapter = new LokiJSAdapter({ dbName: name, schema: SCHEMA, useWebWorker: false, useIncrementalIndexedDB: true });
  const database = new Database({ adapter, modelClasses: [NoteRecord] });
  const notes = database.get<NoteRecord>("notes");
  await notes.query().fetchCount(); // the adapter sets itself up behind the first call
  const loki = (adapter as unknown as { _driver: { loki: Loki } })._driver.loki;
  const save = () => new Promise<void>((resolve, reject) => {
    loki.saveDatabase((error) => (error ? reject(error) : resolve()));
  });
  const write = async (work: () => Promise<unknown>) => {
    await database.write(work);
    if (saved) await save();
  };
  const range = (from: string, to: string) => notes.query(Q.where("at", Q.gte(from)), Q.where("at", Q.lt(to)), Q.sortBy("at", Q.asc));
  const latest = (status: string, count: number) => notes.query(Q.where("status", status), Q.sortBy("at", Q.desc), Q.take(count));
  const close = async () => {
    await save();
    loki.close();
  };
  return {
    insertAll: (rows) => write(() => database.batch(rows.map((row) => notes.prepareCreate(filledWith(row))))),
    insert: (row) => write(() => notes.create(filledWith(row))),
    async update(from, to, changes) {
      const found = await range(from, to).fetch();
      await write(() => database.batch(found.map((note) => note.prepareUpdate((changed) => void Object.assign(changed, changes)))));
    },
    get: (id) => notes.find(id),
    range: (from, to) => range(from, to).fetch(),
    latest: (status, count) => latest(status, count).fetch(),
    all: () => notes.query().fetch(),
    watch(status, count, callback) {
      const subscription = latest(status, count).observe().subscribe(callback);
      return () => subscription.unsubscribe();
    },
    close,
    async remove() {
      await close();
      await removeDatabases(name);
    },
  };
}

/** Fills a new record, with the row's own id. */
const filledWith = ({ id, ...columns }: Note) => (record: NoteRecord) => {
  record._raw.id = id;
  Object.assign(record, columns);
};
