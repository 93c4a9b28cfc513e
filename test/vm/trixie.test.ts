import { testDebian } from "./debian.ts";

testDebian("trixie");
