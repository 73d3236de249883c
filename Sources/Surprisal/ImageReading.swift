import Files
import Images

/// How paths become pixels: limits, leniency, links.
public struct ImageReading: Sendable {
  public var decoder = ImageDecoder()
  /// Whether links are followed out of the folders given.
  public var followsLinks = false

  public init() {}

  /// The one image at a path, in the shape wanted.
  /// - Parameter path: an image file, or `FILE-ubyte#N`.
  /// - Throws: `SurprisalError.noImage`, `.unreadableImage`.
  public func image(at path: FilePath, as shape: ImageShape) throws(SurprisalError) -> Bitmap {
    try decoded(path, as: shape).bitmap
  }

  /// The same with what it was in its file.
  func decoded(_ path: FilePath, as shape: ImageShape) throws(SurprisalError) -> DecodedImage {
    try decoded(path) { source throws(ImageError) in try source.load(decoder, as: shape) }
  }

  /// The one image at a path, whole and in colours, its longer side no longer than a side.
  func whole(at path: FilePath, within side: Int) throws(SurprisalError) -> Bitmap {
    try decoded(path) { source throws(ImageError) in
      try source.read(decoder).decoded(decoder, within: side, channels: 3)
    }.bitmap
  }

  private func decoded(
    _ path: FilePath, _ load: (ImageSource) throws(ImageError) -> DecodedImage
  ) throws(SurprisalError) -> DecodedImage {
    var found: ImageSource?
    enumerator.forEach(in: [path]) { if found == nil { found = $0 } }
    guard let found else { throw .noImage(path: "\(path)") }
    do { return try load(found) } catch {
      throw .unreadableImage(path: "\(path)", error)
    }
  }

  /// The one image at a path as a model sees it: in its shape, aligned as it aligns images.
  /// - Throws: `SurprisalError.noImage`, `.unreadableImage`.
  public func image(at path: FilePath, for model: Model) throws(SurprisalError) -> Bitmap {
    try model.aligning(self).image(at: path, as: model.shape)
  }

  /// Every readable image at some paths, in the shape wanted.
  /// - Parameter unreadable: told the name of an image that cannot be had, and why.
  public func images(
    at paths: [FilePath], as shape: ImageShape, unreadable: (String, String) -> Void = { _, _ in }
  ) -> ImageBatch {
    ImageStream.images(of: paths, shape: shape, reading: self, unreadable: unreadable)
  }

  var enumerator: ImageEnumerator { ImageEnumerator(followsLinks: followsLinks, limits: decoder.limits) }

  /// All of it that a score depends on.
  var fingerprint: String {
    let limits = decoder.limits
    let kinds = ImageKind.allCases.filter(\.isDecoded).map(\.rawValue).joined(separator: "+")
    let alignment = decoder.alignment.map { " \($0.fingerprint)" } ?? ""
    return "\(decoder.isLenient) \(decoder.background) \(limits.pixels) \(limits.side) \(limits.bytes) "
      + "\(limits.memory) \(limits.scans) \(decoder.takesMeasures) \(kinds)\(alignment)"
  }
}
