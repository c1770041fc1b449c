/** Version of the protocol: in every header. Another major number is answered with `unsupported`. */
export const protocolVersion = 1
