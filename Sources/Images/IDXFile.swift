import CImageCodecs
import Files
import Foundation
import Synchronization

/// Images in an IDX file (LeCun's MNIST format), plain or gzipped: `[N, H, W]` gray or `[N, H, W, 3]` RGB bytes.
///
/// Stays on disk: one image is held at a time, and of a gzipped file zlib's window. Images are best taken in their order,
/// as a gzipped file is unfolded again from its start to go back.
public struct IDXFile: Sendable {
  public let path: FilePath
  public let count: Int
  public let height: Int
  public let width: Int
  public let channels: Int
  /// The file's state when it was opened.
  package let stamp: FileStamp
  private let content: Content
  private let start: Int

  private static let longestHeader = 4 + 4 * 4
  private static let longestSide = 4096

  /// Whether a name says that a file is IDX.
  package static func isNamed(_ path: some BidirectionalCollection<UInt8>) -> Bool {
    ["-ubyte", "-ubyte.gz"].contains { path.reversed().starts(with: $0.utf8.reversed()) }
  }

  /// Where standard input is a file, which no name then says the kind of.
  public static let standardInput = FilePath("/dev/stdin")

  /// Bytes that tell such a file.
  public static let magicLength = 4

  /// Whether bytes are the first of one, not gzipped.
  public static func begins(_ bytes: some Sequence<UInt8>) -> Bool {
    let head = Array(bytes.prefix(magicLength))
    return head == [0, 0, 8, 3] || head == [0, 0, 8, 4]
  }

  /// Whether a path names one: by its name, and standard input, where it is a file, by its first bytes.
  package static func isOne(_ path: FilePath) -> Bool {
    guard path == standardInput, (try? path.status().kind) == S_IFREG else { return isNamed(path.bytes) }
    var head = [UInt8](repeating: 0, count: magicLength)
    guard let file = try? path.open(O_RDONLY),
      (try? head.withUnsafeMutableBytes({ try file.read(into: $0) })) == magicLength
    else { return false }
    return begins(head)
  }

  /// - Throws: `ImageError`.
  public init(path: String, limits: ImageLimits = ImageLimits()) throws(ImageError) {
    try self.init(path: FilePath(path), limits: limits)
  }

  /// Checks header, limits and length; a gzipped file's by unfolding it once.
  ///
  /// - Parameter limits: `bytes` of the file and of what it unfolds to, `pixels` and `memory` of one image.
  /// - Throws: `ImageError`.
  public init(path: FilePath, limits: ImageLimits = ImageLimits()) throws(ImageError) {
    let descriptor: Descriptor
    (descriptor, stamp) = try ImageDecoder.open(path, limits)
    content = try Content(descriptor)
    let head = try content.read(at: 0, count: Self.longestHeader)
    guard Self.begins(head) else {
      throw .corrupt("IDX: not a file of 3 or 4 dimensions of bytes")
    }
    let rank = Int(head[3])
    start = 4 + 4 * rank
    guard head.count >= start else { throw .corrupt("IDX: cut off in its header") }
    let sizes = (0..<rank).map { axis in head[4 + 4 * axis..<8 + 4 * axis].reduce(0) { $0 << 8 | Int($1) } }
    guard sizes[1] > 0, sizes[2] > 0, max(sizes[1], sizes[2]) <= Self.longestSide, rank == 3 || sizes[3] == 3
    else { throw .corrupt("IDX: images of \(sizes.dropFirst()) are not supported") }
    self.path = path
    (count, height, width, channels) = (sizes[0], sizes[1], sizes[2], rank == 3 ? 1 : 3)
    guard height * width <= limits.pixels else {
      throw .tooLarge("IDX: \(width) x \(height) pixels, more than the limit of \(limits.pixels)")
    }
    guard imageBytes <= limits.memory else {
      throw .tooLarge("IDX: an image takes \(imageBytes) bytes, more than the limit of \(limits.memory)")
    }
    // Below 2^32 * 2^26: no overflow.
    let promised = start + count * imageBytes
    let isGzipped = content.isGzipped
    guard !isGzipped || promised <= limits.bytes else {
      throw .tooLarge("gzip: unfolds to \(promised) bytes, more than the limit of \(limits.bytes)")
    }
    let found = isGzipped ? try content.length(upTo: promised) : Int(stamp.size)
    guard found == promised else {
      throw .corrupt(
        "IDX: header promises \(count) images of \(imageBytes) bytes, file holds "
          + (found > promised ? "more" : "\(found - start) bytes"))
    }
  }

  private var imageBytes: Int { height * width * channels }

  /// - Throws: `ImageError` where the file has changed since it was opened.
  public subscript(index: Int) -> Bitmap {
    get throws(ImageError) {
      precondition(0..<count ~= index, "an image of the file")
      let pixels = try content.read(at: start + index * imageBytes, count: imageBytes)
      guard pixels.count == imageBytes else { throw .corrupt("IDX: cut off while it was read") }
      return Bitmap(width: width, height: height, channels: channels, pixels: pixels)
    }
  }

  /// What a file holds, unfolded where it is gzipped.
  private final class Content: Sendable {
    private let source: Mutex<OpaquePointer>
    // Closed with the last image.
    private let descriptor: Descriptor

    init(_ descriptor: Descriptor) throws(ImageError) {
      self.descriptor = descriptor
      guard let source = image_unfold_open(descriptor.raw) else { throw .cannotRead("not enough memory") }
      self.source = Mutex(source)
    }

    deinit { source.withLock { image_unfold_close($0) } }

    /// Known once something was read.
    var isGzipped: Bool { source.withLock { image_unfold_is_gzip($0) } != 0 }

    /// Fewer bytes only at the end.
    func read(at offset: Int, count: Int) throws(ImageError) -> [UInt8] {
      try source.withLock { Self.read($0, at: offset, count: count) }.get()
    }

    private static func read(
      _ source: OpaquePointer, at offset: Int, count: Int
    ) -> Result<[UInt8], ImageError> {
      var message = [CChar](repeating: 0, count: Int(IMAGE_MESSAGE_SIZE))
      var found: Int64 = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        found = image_unfold_read(source, UInt64(offset), buffer.baseAddress, count, &message)
        filled = max(Int(found), 0)
      }
      return found < 0 ? .failure(ImageDecoder.error(Int32(IMAGE_CORRUPT), message)) : .success(bytes)
    }

    /// Bytes in all; one more than `most` where there are more.
    func length(upTo most: Int) throws(ImageError) -> Int {
      var length = 0
      while length <= most {
        let part = try read(at: length, count: min(1 << 20, most + 1 - length))
        if part.isEmpty { break }
        length += part.count
      }
      return length
    }
  }
}
