/** What an element holds: text, other elements by their names, or a list, whose elements are called `item`. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [name: string]: Xml };

/** An EC2 reply to an action. */
export function replyXml(action: string, requestId: string, content: { readonly [name: string]: Xml }): string {
  const inside = children({ requestId, ...content });
  return `${head}<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${inside}</${action}Response>`;
}

/** An EC2 refusal. */
export function errorXml(code: string, message: string, requestId = "6f3a1bd2-0000-4000-8000-000000000000"): string {
  const content = { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId };
  return `${head}<Response>${children(content)}</Response>`;
}

const head = '<?xml version="1.0" encoding="UTF-8"?>\n';

function children(content: { readonly [name: string]: Xml }): string {
  return Object.entries(content)
    .map(([name, value]) => element(name, value))
    .join("");
}

function element(name: string, value: Xml): string {
  if (value === undefined) return "";
  if (isList(value)) return `<${name}>${value.map((item) => element("item", item)).join("")}</${name}>`;
  return `<${name}>${typeof value === "object" ? children(value) : escaped(String(value))}</${name}>`;
}

function isList(value: Xml): value is readonly Xml[] {
  return Array.isArray(value);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
