import Foundation
import Testing

@testable import Images

struct IDXFileTests {
  @Test("IDX images are named by index and checked against the file's length")
  func idx() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/x-images-idx3-ubyte"
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2]
    try Data(header + (0..<12).map { UInt8($0) }).write(to: URL(fileURLWithPath: path))
    var names: [String] = []
    var pixels: [UInt8] = []
    try ImageEnumerator().forEach(in: ["\(path)#1-2"]) { source in
      names.append("\(source.path)")
      pixels += try source.load(ImageDecoder(), as: ImageShape(height: 2, width: 2, channels: 1)).bitmap
        .pixels
    }
    #expect(names == ["\(path)#1", "\(path)#2"])
    #expect(pixels == (4..<12).map { UInt8($0) })
    try Data(header).write(to: URL(fileURLWithPath: path))
    #expect(throws: ImageError.self) { try IDXFile(path: path) }
  }

  @Test("Four dimensions are RGB, and a gzipped file is the same images")
  func colourAndGzip() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let pixels = (0..<36).map { UInt8($0 * 7) }
    let plain = idxFile([2, 3, 2, 3], pixels)
    for (name, bytes) in [("x-ubyte", plain), ("x-ubyte.gz", stored(plain))] {
      try bytes.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      let file = try IDXFile(path: "\(folder)/\(name)")
      #expect(file.count == 2 && file[0].shape == ImageShape(height: 3, width: 2, channels: 3), "\(name)")
      #expect(file[0].pixels + file[1].pixels == pixels, "\(name)")
    }
    try stored(plain).dropLast(9).write(to: URL(fileURLWithPath: "\(folder)/cut-ubyte.gz"))
    #expect(throws: ImageError.self) { try IDXFile(path: "\(folder)/cut-ubyte.gz") }
  }

  @Test(
    "A header that is no image file's is refused",
    arguments: [
      [], [2], [2, 2], [2, 0, 2], [2, 2, 2, 2], [1, 5000, 1], [0xFFFF_FFFF, 4096, 4096], [1, 1, 1, 1, 1],
    ])
  func headers(sizes: [UInt32]) throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/x-ubyte"
    try idxFile(sizes, [1, 2, 3, 4]).write(to: URL(fileURLWithPath: path))
    #expect(throws: ImageError.self) { try IDXFile(path: path) }
  }

  /// A gzip file (RFC 1952) of one stored block (RFC 1951, 3.2.4).
  private func stored(_ bytes: Data) -> Data {
    var check: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      check ^= UInt32(byte)
      for _ in 0..<8 { check = check >> 1 ^ (check & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    func little(_ value: UInt32, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(value >> (8 * $0) & 255) }
    }
    let size = UInt32(bytes.count)
    return Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1] + little(size, 2) + little(~size, 2)) + bytes
      + Data(little(~check, 4) + little(size, 4))
  }
}
