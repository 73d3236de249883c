import CImageCodecs
import Files
import Foundation

/// Why an image cannot be had from a file. `description` is what records say; the path stands beside it.
public enum ImageError: Error, Equatable, CustomStringConvertible {
  case cannotRead(String)
  case empty
  /// - Parameter reason: why this build lacks what most have; nil where no build has it.
  case unsupported(kind: String, reason: String? = nil)
  case unrecognised
  case corrupt(String)
  case tooLarge(String)

  /// Whether the same bytes always come to it. What this machine has no memory for, another time it may have.
  package var isLasting: Bool {
    switch self {
    case .cannotRead: false
    case .corrupt(let reason), .tooLarge(let reason): !reason.contains("memory")
    case .empty, .unsupported, .unrecognised: true
    }
  }

  public var description: String {
    switch self {
    case .cannotRead(let reason): "cannot read: \(reason)"
    case .empty: "empty file"
    case .unsupported(let kind, let reason):
      "\(kind) is not supported" + (reason.map { " (\($0))" } ?? "")
    case .unrecognised: "not an image of a known kind"
    case .corrupt(let reason), .tooLarge(let reason): reason
    }
  }
}

/// What an image may cost before it is refused; all but `bytes` are checked from its header, before allocation.
public struct ImageLimits: Sendable {
  /// Width times height.
  public var pixels = 100_000_000
  /// Width, and height.
  public var side = 65_500
  /// Bytes of the file.
  public var bytes = 256 << 20
  /// Bytes that decoding holds at once beyond a row: a progressive JPEG's coefficients, an interlaced PNG, a strip of TIFF, a
  /// whole WebP or AVIF.
  public var memory = 1 << 30
  /// Scans of a progressive JPEG.
  public var scans = 100

  public init() {}

  var raw: image_limits {
    image_limits(
      pixels: UInt64(pixels), side: UInt32(clamping: side), memory: UInt64(memory),
      scans: Int32(clamping: scans))
  }
}

/// What an image was in its file.
public struct ImageOrigin: Sendable, Equatable {
  /// As `ImageKind` names it, or `IDX`.
  public let format: String
  /// Pixels, upright, before any resampling.
  public let width: Int
  public let height: Int

  package init(format: String, width: Int, height: Int) {
    self.format = format
    self.width = width
    self.height = height
  }
}

/// An image with what was wrong with its file, where that was let pass.
public struct DecodedImage: Sendable {
  public let bitmap: Bitmap
  public let origin: ImageOrigin
  /// Damage that `ImageDecoder.isLenient` overlooked, or that `ImageDecoder.alignment` found no thing.
  public let warning: String?
  /// What was measured of it, where `ImageDecoder.takesMeasures`.
  public var measures: Measures?
  /// Whether a short cut was taken past libjpeg's or libpng's decoder; for tests of these.
  var tookShortCut = false
}

/// Decodes image files to 8-bit gray or RGB, upright: JPEG, PNG and BMP, and TIFF, WebP and AVIF where the build has their
/// libraries.
///
/// The kind is told by the first bytes, not by the name. Alpha is laid over `background`; Gamma and colour
/// profiles are not applied: pixels are taken as stored. 16 bits are scaled to the nearest of 8. Rows go from the
/// decoder straight into the resampler.
public struct ImageDecoder: Sendable {
  public var limits = ImageLimits()
  /// Gray level under transparent pixels.
  public var background: UInt8 = 255
  /// Takes what a damaged file gives, rows that are missing at `background`, with a warning.
  public var isLenient = false
  /// Whether `DecodedImage.measures` is wanted. A JPEG is then shrunk no further than measuring allows.
  public var takesMeasures = false
  /// Where the thing on a plain ground that images show is to lie; nil to take images whole, as tiles are taken anyhow.
  public var alignment: Alignment?
  /// Without our own short cuts for ordinary files; for tests of them.
  var usesLibrariesOnly = false

  public init() {}

  private var flags: Int32 {
    Int32((isLenient ? IMAGE_LENIENT : 0) | (usesLibrariesOnly ? IMAGE_LIBRARY_ONLY : 0))
  }

  /// - Throws: `ImageError`.
  public func decode(path: String) throws(ImageError) -> Bitmap { try decode(path: FilePath(path)) }

  /// The whole image in a file.
  public func decode(path: FilePath) throws(ImageError) -> Bitmap { try decode(try read(path).bytes) }

  /// Reads a regular file whole, with its state before. Never waits: a device or pipe is refused.
  func read(_ path: FilePath) throws(ImageError) -> (bytes: Data, FileStamp) {
    let (file, stamp) = try Self.open(path, limits)
    var bytes = Data(count: Int(stamp.size))
    do { bytes.count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) } } catch {
      throw .cannotRead("\(error)")
    }
    return (bytes, stamp)
  }

  /// A regular file within the limit on bytes, and its state.
  static func open(_ path: FilePath, _ limits: ImageLimits) throws(ImageError) -> (Descriptor, FileStamp) {
    let file: Descriptor
    let stamp: FileStamp
    var kind: mode_t = 0
    do throws(SystemError) {
      file = try path.open(O_RDONLY | O_NONBLOCK)
      stamp = try FileStamp { () throws(SystemError) in
        let status = try file.status()
        kind = status.kind
        return status
      }
    } catch { throw .cannotRead("\(error)") }
    guard kind == S_IFREG else { throw .cannotRead("not a regular file") }
    guard stamp.size <= limits.bytes else {
      throw .tooLarge("file of \(stamp.size) bytes, more than the limit of \(limits.bytes)")
    }
    return (file, stamp)
  }

  /// Decodes at the image's own size.
  /// - Throws: `ImageError`.
  public func decode(_ bytes: Data) throws(ImageError) -> Bitmap { try decode(bytes, to: nil).bitmap }

  /// Decodes, and resamples to a target on the way. A JPEG much larger is shrunk by 2, 4 or 8 in its transform.
  ///
  /// - Parameter target: nil for the image's own size and channels.
  /// - Throws: `ImageError`.
  public func decode(_ bytes: Data, to target: ImageShape?) throws(ImageError) -> DecodedImage {
    try decode(bytes, to: target, cutting: nil)
  }

  /// - Parameter cutter: takes tiles of the image at its own size, in the target's channels. Those that it took of a file that turns out
  ///   to be damaged are to be forgotten.
  package func decode(
    _ bytes: Data, to target: ImageShape?, cutting cutter: TileCutter?
  ) throws(ImageError) -> DecodedImage {
    try decode(bytes, target.map(Target.shape) ?? .whole, cutting: cutter)
  }

  /// What an image is brought to.
  enum Target {
    case whole
    case shape(ImageShape)
    /// In proportion, its longer side no longer than a side.
    case within(side: Int, channels: Int)

    /// Nil for the image's own.
    var channels: Int? {
      switch self {
      case .whole: nil
      case .shape(let shape): shape.channels
      case .within(_, let channels): channels
      }
    }

    /// The size, as an image lies in its file.
    func size(_ width: Int, _ height: Int, isTurned: Bool) -> (width: Int, height: Int) {
      switch self {
      case .whole: (width, height)
      case .shape(let shape): isTurned ? (shape.height, shape.width) : (shape.width, shape.height)
      case .within(let side, _): Bitmap.fitted(width, height, within: side)
      }
    }

    /// What a JPEG may not be shrunk below on the way: width, height, the longer side; nil where nothing of it is lost.
    var least: (width: Int, height: Int, longer: Int)? {
      switch self {
      case .whole: nil
      case .shape(let shape): (shape.width, shape.height, 0)
      case .within(let side, _): (1, 1, side)
      }
    }
  }

  func decode(
    _ bytes: Data, _ target: Target, cutting cutter: TileCutter? = nil
  ) throws(ImageError) -> DecodedImage {
    guard !bytes.isEmpty else { throw .empty }
    let sink = RowSink(
      target: target, background: background, takesMeasures: takesMeasures, cutter: cutter)
    // A JPEG may be shrunk on the way where nobody wants all its pixels.
    let least = cutter == nil ? target.least : nil
    var header = image_header()
    var message = [CChar](repeating: 0, count: Int(IMAGE_MESSAGE_SIZE))
    var limits = limits.raw
    // The sink outlives the call; no error passes through the row function.
    let context = Unmanaged.passUnretained(sink).toOpaque()
    let take: image_row_function = { context, header, _, row in
      guard let context, let header, let row else { return }
      Unmanaged<RowSink>.fromOpaque(context).takeUnretainedValue().take(row, header.pointee)
    }
    guard let kind = ImageKind(bytes) else { throw .unrecognised }
    let status: Int32
    if kind == .jpeg {
      status = bytes.withUnsafeBytes {
        image_decode_jpeg(
          $0.baseAddress, $0.count, &limits, Int32(least?.width ?? 0), Int32(least?.height ?? 0),
          Int32(max(takesMeasures ? Measures.side : 0, least?.longer ?? 0)), flags, take, context, &header,
          &message)
      }
    } else {
      guard let decode = kind.decode else { throw .unsupported(kind: kind.rawValue) }
      status = bytes.withUnsafeBytes {
        decode(
          $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count, &limits, flags, take, context,
          &header,
          &message)
      }
    }
    if status == IMAGE_UNSUPPORTED { throw .unsupported(kind: kind.rawValue, reason: Self.text(message)) }
    let damage = Self.text(message)
    if status != IMAGE_OK, !(isLenient && status == IMAGE_CORRUPT && sink.taken > 0) {
      throw Self.error(status, message)
    }
    guard let bitmap = sink.finish() else { throw .corrupt("no rows") }
    let isTurned = header.orientation >= 5
    let origin = ImageOrigin(
      format: kind.rawValue, width: Int(isTurned ? header.full_height : header.full_width),
      height: Int(isTurned ? header.full_width : header.full_height))
    return DecodedImage(
      bitmap: bitmap, origin: origin, warning: damage.isEmpty ? nil : damage,
      measures: sink.measures(origin), tookShortCut: header.short_cut != 0)
  }

  private static func text(_ message: [CChar]) -> String {
    let end = message.firstIndex(of: 0) ?? message.endIndex
    return String(decoding: message[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  static func error(_ status: Int32, _ message: [CChar]) -> ImageError {
    status == IMAGE_TOO_LARGE || status == IMAGE_OUT_OF_MEMORY
      ? .tooLarge(text(message)) : .corrupt(text(message))
  }
}

/// Takes decoded rows to their target: alpha over the background, channels converted, resampled or kept.
private final class RowSink {
  private let target: ImageDecoder.Target
  private let background: UInt8
  private var header = image_header()
  private var channels = 0
  private var line: [UInt8] = []
  private var whole: [UInt8] = []
  private var resampler: AreaResampler?
  private let takesMeasures: Bool
  private var measurer: RowMeasurer?
  /// A row as it is measured, where that is neither the decoder's nor the target's.
  private var measured: [UInt8] = []
  private let cutter: TileCutter?
  private(set) var taken = 0

  init(target: ImageDecoder.Target, background: UInt8, takesMeasures: Bool, cutter: TileCutter?) {
    self.target = target
    self.cutter = cutter
    self.background = background
    self.takesMeasures = takesMeasures
  }

  private var hasAlpha: Bool { header.channels == 2 || header.channels == 4 }
  /// Of the file: 1 gray, 3 RGB.
  private var colours: Int { header.channels <= 2 ? 1 : 3 }

  private func start(_ header: image_header) {
    self.header = header
    let (width, height) = (Int(header.width), Int(header.height))
    channels = target.channels ?? colours
    line = [UInt8](repeating: 0, count: width * channels)
    // The target as the file lies.
    let size = target.size(width, height, isTurned: header.orientation >= 5)
    if size != (width, height) {
      resampler = AreaResampler(
        fromWidth: width, height: height, channels: channels, toWidth: size.width, height: size.height)
    }
    if resampler == nil { whole.reserveCapacity(line.count * height) }
    cutter?.start(width: width, height: height, orientation: Int(header.orientation))
    guard takesMeasures else { return }
    measurer = RowMeasurer(width: width, height: height, channels: colours)
    if hasAlpha, colours != channels { measured = [UInt8](repeating: 0, count: width * colours) }
  }

  func take(_ row: UnsafePointer<UInt8>, _ header: image_header) {
    if taken == 0 { start(header) }
    taken += 1
    if Int(header.channels) == channels {
      pass(row)
    } else {
      convert(row, to: channels, &line)
      line.withUnsafeBufferPointer { pass($0.baseAddress!) }
    }
    if measurer != nil { measure(row) }
  }

  /// Measures a row of the decoder's, of which `line` is what the target takes.
  private func measure(_ row: UnsafePointer<UInt8>) {
    if !hasAlpha {
      measurer?.add(row)
    } else if colours == channels {
      line.withUnsafeBufferPointer { measurer?.add($0.baseAddress!) }
    } else {
      convert(row, to: colours, &measured)
      measured.withUnsafeBufferPointer { measurer?.add($0.baseAddress!) }
    }
    if hasAlpha { measurer?.addAlpha(row) }
  }

  private func pass(_ row: UnsafePointer<UInt8>) {
    cutter?.add(row)
    if resampler != nil {
      resampler?.add(row)
    } else {
      whole.append(contentsOf: UnsafeBufferPointer(start: row, count: line.count))
    }
  }

  /// Lays alpha over the background, then turns colours to gray or gray to colours.
  private func convert(_ row: UnsafePointer<UInt8>, to channels: Int, _ line: inout [UInt8]) {
    let from = Int(header.channels)
    let (hasAlpha, colours) = (hasAlpha, colours)
    for pixel in 0..<Int(header.width) {
      let source = row + pixel * from
      func value(_ c: Int) -> Int {
        guard hasAlpha else { return Int(source[c]) }
        let alpha = Int(source[colours])
        let beneath = Int(background) * (255 - alpha)
        guard header.premultiplied == 0 else { return min(Int(source[c]) + (beneath + 127) / 255, 255) }
        return (Int(source[c]) * alpha + beneath + 127) / 255
      }
      if colours == channels {
        for c in 0..<channels { line[pixel * channels + c] = UInt8(value(c)) }
      } else if channels == 1 {
        line[pixel] = Bitmap.luma(value(0), value(1), value(2))
      } else {
        let gray = UInt8(value(0))
        for c in 0..<channels { line[pixel * channels + c] = gray }
      }
    }
  }

  /// The upright image, missing rows at the background; nil without any row.
  func finish() -> Bitmap? {
    guard taken > 0 else { return nil }
    for i in line.indices { line[i] = background }
    while taken < Int(header.height) {
      line.withUnsafeBufferPointer { pass($0.baseAddress!) }
      if measurer != nil { measureBackground() }
      taken += 1
    }
    let image =
      resampler?.finish()
      ?? Bitmap(width: Int(header.width), height: Int(header.height), channels: channels, pixels: whole)
    return image.upright(from: Int(header.orientation))
  }

  private func measureBackground() {
    let row = [UInt8](repeating: background, count: Int(header.width) * colours)
    row.withUnsafeBufferPointer { measurer?.add($0.baseAddress!) }
  }

  /// Once finished; nil where they were not asked for.
  func measures(_ origin: ImageOrigin) -> Measures? {
    measurer?.finish(width: origin.width, height: origin.height)
  }
}
