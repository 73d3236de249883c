import CImageCodecs
import Foundation
import Testing

@testable import Images

struct AnimatedPNGTests {
  struct Chunk {
    let name: String
    let bytes: [UInt8]
  }

  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  static func number(_ bytes: some Collection<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

  /// Chunks as the specification lays them out, each with its checksum, by long division.
  static func chunks(_ file: Data) -> [Chunk] {
    let bytes = [UInt8](file)
    #expect(bytes.starts(with: signature))
    var chunks: [Chunk] = []
    var at = 8
    while at < bytes.count {
      let length = number(bytes[at..<at + 4])
      let covered = bytes[at + 4..<at + 8 + length]
      #expect(number(bytes[at + 8 + length..<at + 12 + length]) == Int(division(covered)))
      chunks.append(
        Chunk(name: String(decoding: covered.prefix(4), as: UTF8.self), bytes: Array(covered.dropFirst(4))))
      at += 12 + length
    }
    return chunks
  }

  /// CRC-32 as a remainder of polynomials, bit by bit.
  static func division(_ bytes: some Collection<UInt8>) -> UInt32 {
    var rest = UInt32.max
    for byte in bytes {
      for bit in 0..<8 {
        let isSet = (rest ^ UInt32(byte >> bit)) & 1 == 1
        rest = rest >> 1 ^ (isSet ? 0xEDB8_8320 : 0)
      }
    }
    return ~rest
  }

  /// A file of its own from one frame's data.
  static func picture(_ head: [Chunk], _ data: [[UInt8]]) throws -> Bitmap {
    var file = signature
    func add(_ chunk: Chunk) {
      let covered = Array(chunk.name.utf8) + chunk.bytes
      for value in [UInt32(chunk.bytes.count)] { file += withUnsafeBytes(of: value.bigEndian) { Array($0) } }
      file += covered
      file += withUnsafeBytes(of: division(covered).bigEndian) { Array($0) }
    }
    head.forEach(add)
    for bytes in data { add(Chunk(name: "IDAT", bytes: bytes)) }
    add(Chunk(name: "IEND", bytes: []))
    return try ImageDecoder().decode(Data(file))
  }

  @Test("The checksum is that of the standard's check value")
  func checksum() { #expect(AnimatedPNG.checksum("123456789".utf8) == 0xCBF4_3926) }

  @Test(
    "An animation keeps PNG's rules and gives every frame back; who knows none sees the still picture",
    arguments: [1, 3])
  func rules(channels: Int) throws {
    let still = Bitmap.ramp(21, 10, channels)
    let frames = (0..<5).map { k -> AnimatedPNG.Frame in
      let pixels = still.pixels.map { $0 &+ UInt8(41 * (k + 1)) }
      let image = Bitmap(width: 21, height: 10, channels: channels, pixels: pixels)
      return AnimatedPNG.Frame(image, milliseconds: UInt16(30 * k + 10))
    }
    let file = try AnimatedPNG.encode(still: still, frames: frames)
    #expect(try ImageDecoder().decode(file) == still)
    let chunks = Self.chunks(file)
    let names: [String] = chunks.map(\.name)
    #expect(names.first == "IHDR" && names.last == "IEND")
    // The control chunk comes once, before any pixels, and no frame control before the still picture's.
    let pixels = try #require(names.firstIndex(of: "IDAT"))
    let control = try #require(names.firstIndex(of: "acTL"))
    let first = try #require(names.firstIndex(of: "fcTL"))
    #expect(control < pixels && pixels < first && names.count(where: { $0 == "acTL" }) == 1)
    #expect(!names[first...].contains("IDAT"))
    #expect(chunks[control].bytes == [0, 0, 0, 5, 0, 0, 0, 0])
    // Sequence numbers count over both kinds without a gap.
    let numbered = chunks.filter { $0.name == "fcTL" || $0.name == "fdAT" }
    #expect(numbered.map { Self.number($0.bytes[..<4]) } == Array(numbered.indices))
    let head = chunks[..<control].filter { $0.name != "IDAT" }
    var found: [(delay: Int, data: [[UInt8]])] = []
    for chunk in numbered {
      if chunk.name == "fcTL" {
        #expect(chunk.bytes.count == 26)
        let places = stride(from: 4, to: 20, by: 4).map { Self.number(chunk.bytes[$0..<$0 + 4]) }
        #expect(places == [21, 10, 0, 0] && Self.number(chunk.bytes[22..<24]) == 1000)
        #expect(chunk.bytes[24] == 0 && chunk.bytes[25] == 0)
        found.append((Self.number(chunk.bytes[20..<22]), []))
      } else {
        found[found.count - 1].data.append(Array(chunk.bytes.dropFirst(4)))
      }
    }
    #expect(found.map(\.delay) == frames.map { Int($0.milliseconds) })
    for (frame, known) in zip(found, frames) {
      #expect(try Self.picture(head, frame.data) == known.image)
    }
  }
}
