/// Zeroed memory on a 64-byte boundary, freed with its owner.
final class AlignedBuffer {
  let base: UnsafeMutableRawPointer
  let bytes: Int

  init(bytes: Int) {
    self.bytes = max(bytes, 64)
    base = .allocate(byteCount: self.bytes, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: self.bytes)
  }

  deinit { base.deallocate() }

  func floats(from start: Int, count: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(
      start: base.advanced(by: start * 4).assumingMemoryBound(to: Float.self), count: count)
  }
}
