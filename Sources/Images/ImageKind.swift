import CImageCodecs
import Foundation

/// What a file's first bytes say it is, by the name that records give.
public enum ImageKind: String, Sendable, CaseIterable {
  case jpeg = "JPEG"
  case png = "PNG"
  case bmp = "BMP"
  case tiff = "TIFF"
  case webP = "WebP"
  case avif = "AVIF"
  // Known, and not decoded.
  case gif = "GIF"
  case heic = "HEIC"
  case jpeg2000 = "JPEG 2000"
  case jpegXL = "JPEG XL"
  case psd = "PSD"
  case mng = "MNG"

  /// Bytes that tell a kind.
  static let longestSignature = 32

  public init?(_ bytes: Data) {
    let head = Array(bytes.prefix(Self.longestSignature))
    guard let kind = Self.allCases.first(where: { $0.begins(head) }) else { return nil }
    self = kind
  }

  private func begins(_ head: [UInt8]) -> Bool {
    func has(_ signature: [UInt8], at offset: Int = 0) -> Bool {
      head.count >= offset + signature.count && head[offset...].starts(with: signature)
    }
    func has(_ text: String, at offset: Int = 0) -> Bool { has(Array(text.utf8), at: offset) }
    switch self {
    case .jpeg: return has([0xFF, 0xD8, 0xFF])
    case .png: return has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    case .bmp: return has("BM") && has([0, 0, 0, 0], at: 6)
    case .tiff: return has("II*\0") || has("MM\0*") || has("II+\0") || has("MM\0+")
    case .webP: return has("RIFF") && has("WEBP", at: 8)
    case .avif: return hasBrand(["avif", "avis"], head)
    case .gif: return has("GIF8")
    case .heic: return hasBrand(["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"], head)
    case .jpeg2000: return has([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20]) || has([0xFF, 0x4F, 0xFF, 0x51])
    case .jpegXL: return has([0, 0, 0, 12, 0x4A, 0x58, 0x4C, 0x20]) || has([0xFF, 0x0A])
    case .psd: return has("8BPS")
    case .mng: return has([0x8A, 0x4D, 0x4E, 0x47])
    }
  }

  /// Whether the first box of an ISO file names one of some brands, as the major one or beside it (ISO/IEC 14496-12, 4.3).
  private func hasBrand(_ brands: [String], _ head: [UInt8]) -> Bool {
    guard head.count >= 12, head[4..<8].elementsEqual("ftyp".utf8) else { return false }
    return stride(from: 8, through: head.count - 4, by: 4).contains { at in
      // The second word is a version.
      at != 12 && brands.contains(String(decoding: head[at..<at + 4], as: UTF8.self))
    }
  }

  /// Whether this build decodes it: it may lack a library, or no build does.
  public var isDecoded: Bool {
    guard let decode else { return self == .jpeg }
    var header = image_header()
    var limits = ImageLimits().raw
    var message = [CChar](repeating: 0, count: Int(IMAGE_MESSAGE_SIZE))
    var nothing: UInt8 = 0
    return decode(&nothing, 0, &limits, 0, { _, _, _, _ in }, nil, &header, &message) != IMAGE_UNSUPPORTED
  }

  typealias Decode = (
    UnsafePointer<UInt8>?, Int, UnsafePointer<image_limits>, Int32, image_row_function,
    UnsafeMutableRawPointer?, UnsafeMutablePointer<image_header>, UnsafeMutablePointer<CChar>
  ) -> Int32

  /// What decodes it, JPEG apart, which is shrunk on the way; nil for a kind that is not.
  var decode: Decode? {
    switch self {
    case .png: { image_decode_png($0, $1, $2, $3, $4, $5, $6, $7) }
    case .bmp: { image_decode_bmp($0, $1, $2, $3, $4, $5, $6, $7) }
    case .tiff: { image_decode_tiff($0, $1, $2, $3, $4, $5, $6, $7) }
    case .webP: { image_decode_webp($0, $1, $2, $3, $4, $5, $6, $7) }
    case .avif: { image_decode_avif($0, $1, $2, $3, $4, $5, $6, $7) }
    case .jpeg, .gif, .heic, .jpeg2000, .jpegXL, .psd, .mng: nil
    }
  }
}
