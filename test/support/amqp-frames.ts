/** A `basic.ack` of a delivery that never was: the broker answers it by closing that channel, and only that (406). */
export function ackOfUnknownDelivery(channel: number): Buffer {
  const payload = Buffer.alloc(13);
  payload.writeUInt16BE(60, 0); // class basic
  payload.writeUInt16BE(80, 2); // method ack
  payload.writeBigUInt64BE(4_000_000_000n, 4);
  const frame = Buffer.alloc(7 + payload.length + 1);
  frame.writeUInt8(1, 0); // method frame
  frame.writeUInt16BE(channel, 1);
  frame.writeUInt32BE(payload.length, 3);
  payload.copy(frame, 7);
  frame.writeUInt8(0xce, frame.length - 1);
  return frame;
}
