// A note as a page of its own.
import { furnish } from "./dom.js";
import { decideHere } from "./decide.js";

furnish();
decideHere();
