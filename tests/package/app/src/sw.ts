// The worker of an app that has nothing else to do in it.

import { attachThermocline } from "thermocline/service-worker";

declare const self: ServiceWorkerGlobalScope;

attachThermocline(self, { wasm: new URL("thermocline/thermocline_bg.wasm", import.meta.url) });
// @ts-expect-error the worker must be told where the module is
export const incomplete = () => attachThermocline(self);
