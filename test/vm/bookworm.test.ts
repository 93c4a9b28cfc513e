import { testDebian } from "./debian.ts";

testDebian("bookworm");
