// A note as a page of its own.
import { furnish } from "./dom.js";
import { decideHere, show } from "./decide.js";
import { loopHere } from "./loop.js";
import { papersHere } from "./papers.js";

furnish();
decideHere();
papersHere();
loopHere(() => show(document.querySelector("[data-note]").dataset.note));
