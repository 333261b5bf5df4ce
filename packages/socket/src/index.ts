export { formatAddress, isLoopback, type TokenAddress } from './address.ts';
export { SocketBindError, type SocketBindErrorCode } from './bind-error.ts';
export type { Callback } from './callbacks.ts';
export { sendToken, type SendOptions } from './deliver.ts';
export { DeliveryError, type DeliveryErrorCode } from './delivery-error.ts';
export type { HeldToken } from './held-token.ts';
export { TokenReceiver, type TokenReceiverOptions } from './receiver.ts';
export { type Rejection, TokenReceiverError } from './receiver-error.ts';
export { bindUnixSocket, MAX_SOCKET_PATH_BYTES, type UnixSocketClaim, type UnixSocketOptions } from './unix-socket.ts';
