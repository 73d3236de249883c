import CImageCodecs
import Files
import Foundation

/// Images in an IDX file (LeCun's MNIST format), plain or gzipped: `[N, H, W]` gray or `[N, H, W, 3]` RGB bytes.
public struct IDXFile: Sendable {
  public let path: FilePath
  public let count: Int
  public let height: Int
  public let width: Int
  public let channels: Int
  private let bytes: Data
  private let start: Int

  /// Whether a name says that a file is IDX.
  package static func isNamed(_ path: [UInt8]) -> Bool {
    ["-ubyte", "-ubyte.gz"].contains { path.reversed().starts(with: $0.utf8.reversed()) }
  }

  /// - Throws: `ImageError`.
  public init(path: String, decoder: ImageDecoder = ImageDecoder()) throws(ImageError) {
    try self.init(path: FilePath(path), decoder: decoder)
  }

  /// - Throws: `ImageError`.
  public init(path: FilePath, decoder: ImageDecoder = ImageDecoder()) throws(ImageError) {
    var bytes = try decoder.read(path)
    if bytes.starts(with: [0x1F, 0x8B]) { bytes = try Self.gunzip(bytes) }
    let head = [UInt8](bytes.prefix(4))
    guard head.count == 4, head[0] == 0, head[1] == 0, head[2] == 8, head[3] == 3 || head[3] == 4 else {
      throw .corrupt("IDX: not a file of 3 or 4 dimensions of bytes")
    }
    let rank = Int(head[3])
    guard bytes.count >= 4 + 4 * rank else { throw .corrupt("IDX: cut off in its header") }
    let sizes = (0..<rank).map { axis in
      bytes[bytes.startIndex + 4 + 4 * axis..<bytes.startIndex + 8 + 4 * axis].reduce(0) { $0 << 8 | Int($1) }
    }
    guard sizes[1] > 0, sizes[2] > 0, sizes[1] <= 4096, sizes[2] <= 4096, rank == 3 || sizes[3] == 3 else {
      throw .corrupt("IDX: images of \(sizes.dropFirst()) are not supported")
    }
    let total = sizes.dropFirst().reduce(1, *)
    // Below 2^32 * 2^26: no overflow.
    guard sizes[0] * total == bytes.count - 4 - 4 * rank else {
      throw .corrupt(
        "IDX: header promises \(sizes[0]) images of \(total) bytes, file holds \(bytes.count - 4 - 4 * rank) bytes"
      )
    }
    self.path = path
    self.bytes = bytes
    (count, height, width, channels) = (sizes[0], sizes[1], sizes[2], rank == 3 ? 1 : 3)
    start = bytes.startIndex + 4 + 4 * rank
  }

  public subscript(index: Int) -> Bitmap {
    let size = height * width * channels
    return Bitmap(
      width: width, height: height, channels: channels,
      pixels: [UInt8](bytes[start + index * size..<start + (index + 1) * size]))
  }

  private static func gunzip(_ bytes: Data) throws(ImageError) -> Data {
    var inflated: UnsafeMutablePointer<UInt8>?
    var size = 0
    var message = [CChar](repeating: 0, count: Int(IMAGE_MESSAGE_SIZE))
    let status = bytes.withUnsafeBytes {
      image_gunzip($0.baseAddress, $0.count, 1 << 31, &inflated, &size, &message)
    }
    guard status == IMAGE_OK, let inflated else { throw ImageDecoder.error(status, message) }
    return Data(
      bytesNoCopy: inflated, count: size,
      deallocator: .custom { pointer, _ in
        image_free_bytes(pointer.assumingMemoryBound(to: UInt8.self))
      })
  }
}
