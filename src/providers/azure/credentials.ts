import { BeltError } from "../../util/errors.ts";
import { subscriptionVariable } from "./settings.ts";

const ways =
  "Sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET to those of an app registration with the role that `belt policy azure` prints.";

/** The error where nobody said whose machines these are. */
export function missingSubscription(): BeltError {
  return new BeltError("provider.requirements", `${subscriptionVariable} is not set`, {
    hint: `\`az account show --query id -o tsv\` prints the id of yours, then: export ${subscriptionVariable}=… — ${ways}`,
  });
}

/** Whether an error comes from asking for a token, and not from Azure Resource Manager. */
export function isAboutCredentials(error: unknown): boolean {
  return error instanceof Error && names.test(error.name);
}

/** What is wrong with the credentials, in the user's words. The library's error is not kept: it may quote what it sent. */
export function explainCredentials(error: unknown, scrub: (text: string) => string): BeltError {
  const text = error instanceof Error ? error.message : "";
  const [said] = /AADSTS\d+:[^\n]*?(?=\s*(?:Trace ID|Timestamp|$))/m.exec(text) ?? [];
  if (said === undefined && !(error instanceof Error && error.name === "AuthenticationError"))
    return new BeltError("provider.requirements", "there are no credentials for Azure", { hint: ways });
  return new BeltError(
    "provider.requirements",
    `Azure refuses the credentials${said ? `: ${scrub(said).replace(/[.\s]+$/, "")}` : ""}`,
    { hint: `They are mistyped, expired or deleted. ${ways}` },
  );
}

/** Source: @azure/identity, its errors. */
const names =
  /^(CredentialUnavailableError|ChainedTokenCredentialAuthenticationError|AggregateAuthenticationError|AuthenticationError|AuthenticationRequiredError)$/;
