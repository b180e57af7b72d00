import type { OwnServer } from '../../test/support/servers.ts';
import { QUEUE } from './testbed.ts';

/** Peeks at the dead letters one after the other; each id is printed as a dot and its Base64. */
const IDS = `
  {ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${QUEUE}.dead">>)),
  From = fun Next(Place) ->
    case ra:aux_command(amqqueue:get_pid(Queue), {peek, Place}) of
      {ok, {_, Message}} ->
        Id = case mc:message_id(Message) of {_, Text} -> Text; undefined -> <<"none">> end,
        [[".", base64:encode(Id)] | Next(Place + 1)];
      _ -> []
    end
  end,
  iolist_to_binary(From(1)).`;

/**
 * Returns the message ids in the dead-letter queue, one per letter, `none` where it has none. Reads
 * them inside the broker, since no client can read some of the letters: their headers overflow a
 * decoder, or the broker's own conversion fails.
 */
export async function deadLetterIds(broker: Pick<OwnServer, 'exec'>): Promise<string[]> {
  const output = await broker.exec('rabbitmqctl', '-q', 'eval', IDS.replaceAll(/\s+/g, ' ').trim());
  return [...output.matchAll(/\.([\w+/=]+)/g)].map(([, id = '']) => Buffer.from(id, 'base64').toString());
}
