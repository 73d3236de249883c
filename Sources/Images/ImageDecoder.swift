import CImageCodecs
import Foundation

/// Why an image cannot be had from a file. `description` is what records say; the path stands beside it.
public enum ImageError: Error, Equatable, CustomStringConvertible {
  case cannotRead(String)
  case empty
  case unsupported(kind: String)
  case unrecognised
  case corrupt(String)
  case tooLarge(String)

  public var description: String {
    switch self {
    case .cannotRead(let reason): "cannot read: \(reason)"
    case .empty: "empty file"
    case .unsupported(let kind): "\(kind) is not supported"
    case .unrecognised: "not an image of a known kind"
    case .corrupt(let reason), .tooLarge(let reason): reason
    }
  }
}

/// Decodes JPEG and PNG files to 8-bit gray or RGB, upright.
///
/// The kind is told by the first bytes, not by the name. Alpha is laid over `background`; PNG gamma and colour
/// profiles are not applied: pixels are taken as stored. 16 bits are scaled to the nearest of 8.
public struct ImageDecoder: Sendable {
  /// Images of more pixels are refused from their header.
  public var mostPixels = 1 << 28
  /// Larger files are refused unread.
  public var mostBytes = 1 << 29
  /// Gray level under transparent pixels.
  public var background: UInt8 = 255

  public init() {}

  /// - Throws: `ImageError`.
  public func decode(path: String) throws(ImageError) -> Bitmap { try decode(try read(path)) }

  /// Reads a regular file whole.
  func read(_ path: String) throws(ImageError) -> Data {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .cannotRead(String(cString: strerror(errno))) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .cannotRead("not a regular file") }
    guard status.st_size <= mostBytes else {
      throw .tooLarge("file of \(status.st_size) bytes, more than the limit of \(mostBytes)")
    }
    do { return try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      throw .cannotRead(cause.map { String(cString: strerror(Int32($0.code))) } ?? "\(error)")
    }
  }

  /// - Parameter least: a JPEG may be shrunk by 2, 4 or 8 while decoding as long as both sides keep this many pixels.
  /// - Throws: `ImageError`.
  public func decode(_ bytes: Data, least: Int = 0) throws(ImageError) -> Bitmap {
    guard !bytes.isEmpty else { throw .empty }
    let kind = ImageKind(bytes)
    var image = image_pixels()
    var message = [CChar](repeating: 0, count: Int(IMAGE_MESSAGE_SIZE))
    let status: Int32
    switch kind {
    case .jpeg:
      status = bytes.withUnsafeBytes {
        image_decode_jpeg(
          $0.baseAddress, $0.count, UInt64(mostPixels), Int32(least), &image, &message)
      }
    case .png:
      status = bytes.withUnsafeBytes {
        image_decode_png($0.baseAddress, $0.count, UInt64(mostPixels), &image, &message)
      }
    case .other(let name): throw .unsupported(kind: name)
    case nil: throw .unrecognised
    }
    defer { image_free(&image) }
    guard status == IMAGE_OK, let pixels = image.pixels else { throw Self.error(status, message) }
    let count = Int(image.width) * Int(image.height)
    let stored = UnsafeBufferPointer(start: pixels, count: count * Int(image.channels))
    return flatten(stored, image).upright(from: Int(image.orientation))
  }

  static func error(_ status: Int32, _ message: [CChar]) -> ImageError {
    let end = message.firstIndex(of: 0) ?? message.endIndex
    let text = String(decoding: message[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return status == IMAGE_TOO_LARGE || status == IMAGE_OUT_OF_MEMORY ? .tooLarge(text) : .corrupt(text)
  }

  /// Lays alpha over the background.
  private func flatten(_ stored: UnsafeBufferPointer<UInt8>, _ image: image_pixels) -> Bitmap {
    let (width, height) = (Int(image.width), Int(image.height))
    guard image.channels == 2 || image.channels == 4 else {
      return Bitmap(width: width, height: height, channels: Int(image.channels), pixels: Array(stored))
    }
    let colours = Int(image.channels) - 1
    var result = Bitmap(width: width, height: height, channels: colours, filledWith: 0)
    for pixel in 0..<width * height {
      let alpha = Int(stored[pixel * (colours + 1) + colours])
      for c in 0..<colours {
        let value = Int(stored[pixel * (colours + 1) + c]) * alpha + Int(background) * (255 - alpha)
        result.pixels[pixel * colours + c] = UInt8((value + 127) / 255)
      }
    }
    return result
  }
}

/// What a file's first bytes say it is.
public enum ImageKind: Equatable, Sendable {
  case jpeg
  case png
  /// A known kind that is not decoded.
  case other(String)

  /// Bytes that tell a kind.
  static let longestSignature = 12

  public init?(_ bytes: Data) {
    let head = Array(bytes.prefix(Self.longestSignature))
    func starts(_ signature: [UInt8], at offset: Int = 0) -> Bool {
      head.count >= offset + signature.count && Array(head[offset..<offset + signature.count]) == signature
    }
    func starts(_ text: String, at offset: Int = 0) -> Bool { starts(Array(text.utf8), at: offset) }
    if starts([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if starts([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if starts("GIF8") {
      self = .other("GIF")
    } else if starts("RIFF"), starts("WEBP", at: 8) {
      self = .other("WebP")
    } else if starts("II*\0") || starts("MM\0*") {
      self = .other("TIFF")
    } else if starts("ftypheic", at: 4) || starts("ftypmif1", at: 4) || starts("ftypheix", at: 4) {
      self = .other("HEIC")
    } else if starts("ftypavif", at: 4) {
      self = .other("AVIF")
    } else if starts("BM"), head.count >= 10, head[6...9].allSatisfy({ $0 == 0 }) {
      self = .other("BMP")
    } else {
      return nil
    }
  }
}
