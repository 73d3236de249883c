import Foundation

@testable import Images

extension Bitmap {
  /// Every value, in no plain pattern.
  static func ramp(_ width: Int, _ height: Int, _ channels: Int) -> Bitmap {
    Bitmap(
      width: width, height: height, channels: channels,
      pixels: (0..<width * height * channels).map { UInt8(($0 * 37 + $0 / 7) & 255) })
  }
}

/// A new folder; to be removed by who asked for it.
func temporaryFolder() throws -> String {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
  return path.path
}

private func file(_ path: String) throws -> Data {
  try Data(
    contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(path))
}

/// A file of fixtures/.
func fixture(_ name: String) throws -> Data { try file("../../fixtures/\(name)") }

/// A file of Reference/.
func reference(_ name: String) throws -> Data { try file("Reference/\(name)") }

/// An IDX file of bytes.
func idxFile(_ sizes: [UInt32], _ values: [UInt8]) -> Data {
  let big = sizes.flatMap { size in (0..<4).map { UInt8(size >> (24 - 8 * $0) & 255) } }
  return Data([0, 0, 8, UInt8(sizes.count)] + big + values)
}
