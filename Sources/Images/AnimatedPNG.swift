import Foundation

/// An animation as one PNG file (APNG; the W3C's PNG, third edition, 11.3.4): still images of libpng's, and between them
/// the chunks that make them frames.
///
/// What programs show that know no animations is a picture of its own, `still`, which is none of the frames.
public enum AnimatedPNG {
  public struct Frame: Sendable {
    public let image: Bitmap
    /// How long it is shown.
    public let milliseconds: UInt16

    public init(_ image: Bitmap, milliseconds: UInt16) {
      self.image = image
      self.milliseconds = milliseconds
    }
  }

  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Frames that repeat without end.
  ///
  /// - Parameters:
  ///   - frames: at least one; all of the still picture's shape.
  /// - Throws: `ImageError` with libpng's reason.
  public static func encode(still: Bitmap, frames: [Frame]) throws(ImageError) -> Data {
    precondition(
      !frames.isEmpty && frames.allSatisfy { $0.image.shape == still.shape }, "frames of one shape")
    let picture = try chunks(of: still)
    var file = signature
    // All that the still picture has before its pixels goes for every frame; acTL must come before them.
    for chunk in picture.prefix(while: { $0.name != "IDAT" }) { append(chunk.name, chunk.bytes, to: &file) }
    append("acTL", big(UInt32(frames.count)) + big(UInt32(0)), to: &file)
    for chunk in picture where chunk.name == "IDAT" { append("IDAT", chunk.bytes, to: &file) }
    var sequence: UInt32 = 0
    func next() -> [UInt8] {
      defer { sequence += 1 }
      return big(sequence)
    }
    for frame in frames {
      let place = big(UInt32(still.width)) + big(UInt32(still.height)) + big(UInt32(0)) + big(UInt32(0))
      // Thousandths of a second; the next frame takes the place of all of this one.
      let delay = big(frame.milliseconds) + big(UInt16(1000)) + [0, 0]
      append("fcTL", next() + place + delay, to: &file)
      for chunk in try chunks(of: frame.image) where chunk.name == "IDAT" {
        append("fdAT", next() + chunk.bytes, to: &file)
      }
    }
    append("IEND", [], to: &file)
    return Data(file)
  }

  // MARK: Chunks

  private struct Chunk {
    let name: String
    let bytes: ArraySlice<UInt8>
  }

  /// The chunks of libpng's file, up to the last.
  private static func chunks(of image: Bitmap) throws(ImageError) -> [Chunk] {
    let file = [UInt8](try image.png())
    var chunks: [Chunk] = []
    var at = signature.count
    while at + 12 <= file.count {
      let length = file[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
      let body = at + 8..<at + 8 + length
      chunks.append(Chunk(name: String(decoding: file[at + 4..<at + 8], as: UTF8.self), bytes: file[body]))
      at = body.upperBound + 4
    }
    return chunks
  }

  private static func append(_ name: String, _ bytes: some Collection<UInt8>, to file: inout [UInt8]) {
    file += big(UInt32(bytes.count))
    let start = file.count
    file += Array(name.utf8)
    file += bytes
    file += big(checksum(file[start...]))
  }

  private static func big(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }

  /// CRC-32 of ISO 3309, which PNG takes over name and content (annex D).
  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
  }
}
