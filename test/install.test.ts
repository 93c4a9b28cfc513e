import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "./support/temporary.ts";

const script = path.resolve(import.meta.dirname, "../install");
const ready = "beltkit 1.2.3 is ready, on Node.js 24.21.0: ./belt up\n";
const installing = "Installing beltkit 1.2.3 and Node.js 24.21.0, which takes a minute or two\n";

/** An npm that does what the real one does to folders, and writes down how it was called. */
const npm = `#!/bin/sh
echo "npm $*" >>calls
echo "noise of npm $1"
case $1 in
  install) mkdir -p "$3/node_modules/.bin" && cp "$0" "$3/node_modules/.bin/npm" ;;
  ci) rm -rf node_modules && mkdir node_modules ;;
  rebuild) mkdir -p node_modules/node/bin && ln -s "${process.execPath}" node_modules/node/bin/node ;;
esac
[ ! -f "fault-$1" ] || . "./fault-$1"
`;
const tools = ["cat", "cp", "dirname", "echo", "find", "ln", "mkdir", "mv", "readlink", "rm", "touch"];

/** A checkout, and a PATH with nothing on it but the tools of any system, node and npm. */
interface Checkout extends AsyncDisposable {
  readonly bin: string;
  /** Writes a file of the checkout. */
  write(file: string, text: string): Promise<void>;
  /** Makes a file newer than any run before. */
  change(file: string): Promise<void>;
  has(file: string): boolean;
  install(): { readonly code: number | null; readonly stdout: string; readonly stderr: string };
  /** The calls of npm and of the build since the last time. */
  calls(): Promise<readonly string[]>;
}

async function checkout(): Promise<Checkout> {
  const folder = await temporaryFolder();
  const [home, bin] = [path.join(folder.path, "a checkout"), path.join(folder.path, "bin")];
  const write: Checkout["write"] = (file, text) => writeFile(path.join(home, file), text);
  await mkdir(path.join(home, "src"), { recursive: true });
  await mkdir(bin);
  const build = "echo build >>calls && mkdir -p dist && touch dist/bin.js";
  await write("package.json", JSON.stringify({ version: "1.2.3", scripts: { build } }));
  await write("package-lock.json", JSON.stringify({ packages: { "node_modules/node": { version: "24.21.0" } } }));
  for (const file of ["src/bin.ts", "tsconfig.json", "tsconfig.build.json"]) await write(file, "");
  await copyFile(script, path.join(home, "install"));
  await symlink(process.execPath, path.join(bin, "node"));
  await writeFile(path.join(bin, "npm"), npm, { mode: 0o755 });
  for (const tool of tools)
    await symlink(execFileSync("bash", ["-c", `type -P ${tool}`], { encoding: "utf8" }).trim(), path.join(bin, tool));
  return {
    bin,
    write,
    change: (file) => utimes(path.join(home, file), new Date(), new Date()),
    has: (file) => existsSync(path.join(home, file)),
    install: () => {
      const run = spawnSync("/bin/sh", [path.join(home, "install")], {
        cwd: "/",
        env: { PATH: bin },
        encoding: "utf8",
      });
      return { code: run.status, stdout: run.stdout, stderr: run.stderr };
    },
    calls: async () => {
      const text = await readFile(path.join(home, "calls"), "utf8").catch(() => "");
      await rm(path.join(home, "calls"), { force: true });
      return text.split("\n").filter((line) => line !== "");
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const everything = [
  expect.stringMatching(
    /^npm install --prefix \/.*\/a checkout\/\.install --no-package-lock node-\S+@24\.21\.0 npm@10\./,
  ),
  "npm ci --include=dev --ignore-scripts --prefer-offline",
  "npm rebuild node --ignore-scripts=false",
  "build",
];

describe("./install", () => {
  it("fetches Node.js and npm, lets them install the rest, and says two lines", async () => {
    await using home = await checkout();
    expect(home.install()).toEqual({ code: 0, stdout: installing + ready, stderr: "" });
    expect(await home.calls()).toEqual(everything);
    expect(home.has(".install")).toBe(false);
  });

  it("does nothing where nothing changed, and says so", async () => {
    await using home = await checkout();
    home.install();
    await home.calls();
    const stdout = "beltkit 1.2.3 is ready, nothing has changed: ./belt up\n";
    expect(home.install()).toEqual({ code: 0, stdout, stderr: "" });
    expect(await home.calls()).toEqual([]);
  });

  it.each([
    { changed: "package-lock.json", calls: everything },
    { changed: "package.json", calls: everything },
    { changed: "src/bin.ts", calls: ["build"] },
    { changed: "tsconfig.build.json", calls: ["build"] },
  ])("does again what a change of $changed asks for", async ({ changed, calls }) => {
    await using home = await checkout();
    home.install();
    await home.calls();
    await home.change(changed);
    expect(home.install().code).toBe(0);
    expect(await home.calls()).toEqual(calls);
  });

  it("starts over where a run was killed, and leaves nothing of that run", async () => {
    await using home = await checkout();
    await home.write("fault-ci", "kill -KILL $PPID");
    expect(home.install().code).toBe(null);
    expect(home.has(".install")).toBe(true);
    await home.write("fault-ci", "");
    await home.calls();
    expect(home.install()).toEqual({ code: 0, stdout: installing + ready, stderr: "" });
    expect(await home.calls()).toEqual(everything);
    expect(home.has(".install")).toBe(false);
  });

  it.each([
    { signal: "HUP", code: 129 },
    { signal: "INT", code: 130 },
    { signal: "TERM", code: 143 },
  ])("clears away after SIG$signal, and does not take itself for ready", async ({ signal, code }) => {
    await using home = await checkout();
    await home.write("fault-ci", `kill -${signal} $PPID`);
    expect(home.install()).toEqual({ code, stdout: installing, stderr: "" });
    expect([".install", "node_modules/.beltkit"].filter(home.has)).toEqual([]);
  });

  it.each(["node", "npm"])("says what to install where there is no %s", async (missing) => {
    await using home = await checkout();
    await rm(path.join(home.bin, missing));
    const stderr = `install: ${missing} is not installed. On Debian, as root: apt-get install nodejs npm\n`;
    expect(home.install()).toEqual({ code: 1, stdout: "", stderr });
  });

  it("says that npm has no Node.js for a rare platform", async () => {
    await using home = await checkout();
    await home.write("rare.cjs", 'Object.defineProperty(process, "arch", { value: "riscv64" });');
    const node = path.join(home.bin, "node");
    await rm(node);
    await writeFile(node, `#!/bin/sh\nexec "${process.execPath}" --require ./rare.cjs "$@"\n`);
    await chmod(node, 0o755);
    const { code, stderr } = home.install();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `install: npm has no package of Node.js for ${process.platform}-riscv64\n`,
    });
    expect(await home.calls()).toEqual([]);
  });

  it("shows npm's own words where the network is down, and what to do", async () => {
    await using home = await checkout();
    await home.write("fault-install", "echo 'npm ERR! code ENOTFOUND' >&2; exit 1");
    const said = "cannot fetch Node.js 24.21.0, see above. Check the network, then run ./install again.";
    expect(home.install()).toEqual({
      code: 1,
      stdout: installing,
      stderr: `npm ERR! code ENOTFOUND\ninstall: ${said}\n`,
    });
    expect(home.has(".install")).toBe(false);
  });

  it("tries once more to fetch packages, and says nothing of a first try that failed", async () => {
    await using home = await checkout();
    await home.write("fault-ci", "[ -f tried ] || { touch tried; echo 'npm ERR! network' >&2; exit 1; }");
    expect(home.install()).toEqual({ code: 0, stdout: installing + ready, stderr: "" });
    expect(await home.calls()).toEqual([everything[0], everything[1], ...everything.slice(1)]);
    await home.change("package-lock.json");
    await home.write("fault-ci", "echo 'npm ERR! network' >&2; exit 1");
    const { code, stderr } = home.install();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^npm ERR! network\nnoise of npm ci\ninstall: 'npm ci .*' failed/),
    });
  });

  it("shows everything that a step printed where it fails, and what npm warns of in any case", async () => {
    await using home = await checkout();
    await home.write("fault-ci", "echo 'npm warn old' >&2");
    await home.write("fault-rebuild", "exit 1");
    const { code, stderr } = home.install();
    expect(code).toBe(1);
    expect(stderr).toBe(
      "npm warn old\nnoise of npm rebuild\ninstall: 'npm rebuild node --ignore-scripts=false' failed, see above. Then run ./install again.\n",
    );
  });
});
