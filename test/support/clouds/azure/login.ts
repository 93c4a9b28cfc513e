import type { Call, Reply } from "../call.ts";

/** An app registration that may sign in. */
export interface App {
  readonly tenant: string;
  readonly client: string;
  readonly secret: string;
}

/** The directory beside the API: it gives out tokens, so that the library signs in as it does in the world. */
export class Login {
  readonly #app: App;
  readonly #tokens = new Set<string>();
  #count = 0;

  constructor(app: App) {
    this.#app = app;
  }

  /** Whether a token was given out here, and is good. */
  knows(token: string): boolean {
    return this.#tokens.has(token);
  }

  /** No token that was given out so far is good any more. */
  revoke(): void {
    this.#tokens.clear();
  }

  /** Answers what is for the directory; `undefined` for everything else. */
  answer(call: Call): Reply | undefined {
    const base = `https://${call.headers["host"] ?? ""}/${call.path.split("/")[1] ?? ""}`;
    if (call.path.endsWith("/v2.0/.well-known/openid-configuration"))
      return {
        status: 200,
        body: {
          token_endpoint: `${base}/oauth2/v2.0/token`,
          authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
          issuer: `${base}/v2.0`,
          jwks_uri: `${base}/discovery/v2.0/keys`,
        },
      };
    if (call.path.endsWith("/oauth2/v2.0/token") && call.method === "POST") return this.#token(call);
    return undefined;
  }

  #token({ body }: Call): Reply {
    const form = new URLSearchParams(typeof body === "string" ? body : "");
    const { client, secret } = this.#app;
    if (form.get("client_id") !== client || form.get("client_secret") !== secret)
      return {
        status: 401,
        body: {
          error: "invalid_client",
          error_description:
            "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID. Trace ID: 0 Correlation ID: 0 Timestamp: 2026-01-01 00:00:00Z",
          error_codes: [7000215],
        },
      };
    this.#count += 1;
    const token = `token-${this.#count}-of-${client}`;
    this.#tokens.add(token);
    return { status: 200, body: { token_type: "Bearer", expires_in: 3599, ext_expires_in: 3599, access_token: token } };
  }
}
