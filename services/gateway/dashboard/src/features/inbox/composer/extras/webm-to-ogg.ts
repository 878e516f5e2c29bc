import {
  BlobSource,
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacketSink,
  Input,
  OggOutputFormat,
  Output,
  WEBM,
} from 'mediabunny'

/** Moves the Opus packets of a WebM file into an Ogg file; nothing is coded anew. @throws Error when there are none */
export async function webmToOgg(webm: Blob): Promise<Blob> {
  using input = new Input({ source: new BlobSource(webm), formats: [WEBM] })
  const track = await input.getPrimaryAudioTrack()
  const decoderConfig = (await track?.getDecoderConfig()) ?? null
  if (track === null || decoderConfig === null || !decoderConfig.codec.startsWith('opus'))
    throw new Error('The recording has no sound that can be moved into Ogg.')
  const target = new BufferTarget()
  const output = new Output({ format: new OggOutputFormat(), target })
  const source = new EncodedAudioPacketSource('opus')
  output.addAudioTrack(source)
  await output.start()
  let packets = 0
  for await (const packet of new EncodedPacketSink(track).packets()) {
    await source.add(packet, { decoderConfig })
    packets++
  }
  await output.finalize()
  if (packets === 0 || target.buffer === null) throw new Error('The recording is empty.')
  return new Blob([target.buffer], { type: 'audio/ogg' })
}
