/** Version of the stream protocol; in a file of its own, so that browsers need not load the schemas of the messages. */

export const PROTOCOL_VERSION = 1;
/** Name of the WebSocket subprotocol. */
export const SUBPROTOCOL = `kandid.v${PROTOCOL_VERSION}`;
