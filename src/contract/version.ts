/** How client and server find that they speak the same language; apart from the messages, so that browsers need not load their schemas. */

export const PROTOCOL_VERSION = 1;
/** Name of the WebSocket subprotocol. */
export const SUBPROTOCOL = `kandid.v${PROTOCOL_VERSION}`;
