import { faultOf } from "../cloud/fault.ts";

/** EC2's own word for why a call failed, such as `InvalidInstanceID.NotFound`; nothing where it gave none. */
export function codeOf(error: unknown): string | undefined {
  const fault = faultOf(error);
  return fault?.kind === "answer" ? fault.id : undefined;
}

/** Whether EC2 says that a thing is not there: gone, or not to be seen yet. */
export function isNotFound(error: unknown): boolean {
  return /\.(NotFound|NotFoundException)$|^NatGatewayNotFound$|\.Unknown$/.test(codeOf(error) ?? "");
}

/** For `catch`: what is gone already is removed. */
export function unlessGone(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}

/** For `catch`: what one of these codes says is as good as done. */
export function unlessCode(pattern: RegExp): (error: unknown) => undefined {
  return (error) => {
    if (pattern.test(codeOf(error) ?? "")) return undefined;
    throw error;
  };
}
