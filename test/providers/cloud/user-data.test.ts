import { describe, expect, test } from "vitest";
import { buildUserData, type UserDataParts } from "../../../src/providers/cloud/user-data.ts";
import { userDataLimit } from "../../../src/providers/digitalocean/user-data-limit.ts";
import { hostKey } from "../../support/cloud-requests.ts";

interface Part {
  readonly type: string;
  readonly text: string;
}

/** The parts of a MIME document, decoded, those of documents inside it too. */
function partsOf(text: string): readonly Part[] {
  const [head = "", ...rest] = text.split("\n\n");
  const header = (name: string) => new RegExp(`^${name}: *(.*)$`, "im").exec(head)?.[1] ?? "";
  const body = rest.join("\n\n");
  const boundary = /boundary="([^"]+)"/.exec(head)?.[1];
  if (boundary !== undefined) {
    const [inside = ""] = body.split(`--${boundary}--`);
    return inside.split(`--${boundary}\n`).slice(1).flatMap(partsOf);
  }
  const isBase64 = header("Content-Transfer-Encoding") === "base64";
  const [type = ""] = header("Content-Type").split(";");
  return [{ type, text: isBase64 ? Buffer.from(body, "base64").toString() : body }];
}

const build = (change: Partial<UserDataParts> = {}): string =>
  buildUserData({ hostKey, own: undefined, containersReachMetadata: false, limit: userDataLimit, ...change });

describe("user data", () => {
  test("gives the machine one host key, and takes all others away", () => {
    const [config] = partsOf(build());
    expect(config?.type).toBe("text/cloud-config");
    expect(config?.text).toMatch(/^#cloud-config\n/);
    expect(config?.text).toContain("\nssh_deletekeys: true\n");
    expect(config?.text).toContain(`\n  ed25519_public: ${hostKey.publicKey.trim()}\n`);
    const indented = /ed25519_private: \|\n((?: {4}.*\n)+)/.exec(config?.text ?? "")?.[1] ?? "";
    expect(indented.replace(/^ {4}/gm, "")).toBe(`${hostKey.privateKey.reveal().trimEnd()}\n`);
  });

  test("keeps containers from the metadata address, unless they may reach it", () => {
    const guards = (text: string) => partsOf(text).filter(({ text: part }) => part.includes("169.254.169.254"));
    expect(guards(build())).toMatchObject([
      { type: "text/x-shellscript", text: expect.stringMatching(/^#!\/bin\/sh\n/) },
    ]);
    expect(guards(build({ containersReachMetadata: true }))).toEqual([]);
  });

  test.each([
    ["a cloud-config", "#cloud-config\npackages: [htop]\n"],
    ["a script", "#!/bin/sh\necho hello\n"],
    ["text beyond ASCII", "#!/bin/sh\necho grüezi\n"],
    ["text with our boundary's beginning in it", "#!/bin/sh\necho --belt-0\n"],
  ])("carries %s of the user's before ours", (_, own) => {
    const parts = partsOf(build({ own }));
    expect(parts[0]?.type).toBe("text/plain");
    expect(parts[0]?.text.trimEnd()).toBe(own.trimEnd());
    expect(parts.map(({ type }) => type).slice(1)).toEqual(["text/cloud-config", "text/x-shellscript"]);
  });

  test("carries a MIME document of the user's as it is", () => {
    const own =
      'Content-Type: multipart/mixed; boundary="x"\nMIME-Version: 1.0\n\n--x\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n--x--\n';
    expect(partsOf(build({ own })).map(({ type }) => type)).toEqual([
      "text/x-shellscript",
      "text/cloud-config",
      "text/x-shellscript",
    ]);
  });

  test("carries more parts of the provider's after ours", () => {
    const more = [{ type: "text/jinja2", text: "## template: jinja\n#cloud-config\nhostname: {{ 1 }}\n" }];
    const parts = partsOf(build({ more }));
    expect(parts.map(({ type }) => type)).toEqual(["text/cloud-config", "text/x-shellscript", "text/jinja2"]);
    expect(parts[2]?.text.trimEnd()).toBe(more[0]?.text.trimEnd());
  });

  test("lets in further keys as the image's own user", () => {
    const [config] = partsOf(build({ authorizedKeys: ["ssh-ed25519 AAAA me: here\n"] }));
    expect(config?.text).toContain('\nssh_authorized_keys:\n  - "ssh-ed25519 AAAA me: here"\n');
    expect(partsOf(build())[0]?.text).not.toContain("ssh_authorized_keys");
  });

  test("is ASCII alone, whatever is in it", () => {
    expect(build({ own: "#!/bin/sh\necho ✓ ünï\n" })).toMatch(/^[\n -~]*$/);
  });

  test("is refused when the API would not take it", () => {
    expect(() => build({ own: `#!/bin/sh\n${"#".repeat(65_000)}\n` })).toThrow(
      /bytes long, and DigitalOcean takes 65536$/,
    );
  });
});
