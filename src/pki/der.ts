import forge from "node-forge";

/**
 * The few shapes of DER (X.690) that a certificate is made of, over node-forge's encoder. node-forge keeps bytes in strings
 * of one character a byte; these functions take and give Buffers.
 */

const { asn1 } = forge;

/** One encoded or to-be-encoded value. */
export type Der = forge.asn1.Asn1;

export function sequence(...items: readonly Der[]): Der {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [...items]);
}

export function set(...items: readonly Der[]): Der {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, [...items]);
}

/** An object identifier in dotted form. */
export function oid(dotted: string): Der {
  return primitive(asn1.Type.OID, Buffer.from(asn1.oidToDer(dotted).getBytes(), "binary"));
}

/** A whole number from its bytes, most significant first, as two's complement. */
export function integer(bytes: Uint8Array): Der {
  return primitive(asn1.Type.INTEGER, bytes);
}

export function boolean(value: boolean): Der {
  return primitive(asn1.Type.BOOLEAN, Uint8Array.of(value ? 0xff : 0));
}

export function utf8(text: string): Der {
  return primitive(asn1.Type.UTF8, Buffer.from(text, "utf8"));
}

export function octets(bytes: Uint8Array): Der {
  return primitive(asn1.Type.OCTETSTRING, bytes);
}

/** A bit string; `unusedBits` of the last byte do not count. */
export function bits(bytes: Uint8Array, unusedBits = 0): Der {
  return primitive(asn1.Type.BITSTRING, Buffer.from([unusedBits, ...bytes]));
}

/** A point in time to the second, in the form that RFC 5280 (4.1.2.5) asks for: UTCTime through 2049, GeneralizedTime from then on. */
export function time(date: Date): Der {
  const early = date.getUTCFullYear() < 2050;
  const text = early ? asn1.dateToUtcTime(date) : asn1.dateToGeneralizedTime(date);
  return primitive(early ? asn1.Type.UTCTIME : asn1.Type.GENERALIZEDTIME, Buffer.from(text, "binary"));
}

/** `[tag]` around other values (explicit tagging). */
export function tagged(tag: number, ...items: readonly Der[]): Der {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, true, [...items]);
}

/** `[tag]` in the place of a primitive's own tag (implicit tagging). */
export function taggedBytes(tag: number, bytes: Uint8Array): Der {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, false, Buffer.from(bytes).toString("binary"));
}

export function encode(value: Der): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), "binary");
}

export function decode(bytes: Uint8Array): Der {
  return asn1.fromDer(Buffer.from(bytes).toString("binary"));
}

/** The parts of a constructed value; none for a primitive. */
export function partsOf(value: Der): readonly Der[] {
  return typeof value.value === "string" ? [] : value.value;
}

function primitive(type: forge.asn1.Type, bytes: Uint8Array): Der {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, Buffer.from(bytes).toString("binary"));
}
