/** TCP: managers answer each other and joining nodes here. */
export const managementPort = 2377;

/** TCP: the engine's own API with mutual TLS. */
export const engineTlsPort = 2376;

/** An address and a port as one word, with the brackets that an IPv6 address needs. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
