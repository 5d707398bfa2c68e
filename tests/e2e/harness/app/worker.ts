// A dedicated worker of the app under test: one more context.

import "./actor.js";
