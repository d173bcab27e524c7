/** Version of the stream protocol; in its own file, so that browsers need not load the message schemas. */

export const PROTOCOL_VERSION = 1;
/** Name of the WebSocket subprotocol. */
export const SUBPROTOCOL = `kandid.v${PROTOCOL_VERSION}`;
