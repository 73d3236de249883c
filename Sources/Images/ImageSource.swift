import Files
import Foundation

/// One place an image is to come from: a file, or one image of an IDX file.
public enum ImageSource: Sendable {
  case file(FilePath)
  case indexed(IDXFile, Int)
  /// A place where an image was promised and none can be had, such as a missing file.
  case missing(FilePath, ImageError)

  /// The name in records: the path, or `FILE#index`.
  public var path: FilePath {
    switch self {
    case .file(let path), .missing(let path, _): path
    case .indexed(let file, let index): file.path + "#\(index)"
    }
  }

  /// What no second path hides: which file it is, and which of its images.
  package struct Identity: Hashable, Sendable {
    let file: FileIdentity
    let index: Int?
  }

  /// Nil where there is no such file.
  package var identity: Identity? {
    switch self {
    case .file(let path): path.identity.map { Identity(file: $0, index: nil) }
    case .indexed(let file, let index): file.path.identity.map { Identity(file: $0, index: index) }
    case .missing: nil
    }
  }

  /// The image in the shape wanted.
  ///
  /// - Parameter content: told what the image is decoded from: the file's bytes, of an image in an IDX file its pixels.
  /// - Throws: `ImageError`.
  public func load(
    _ decoder: ImageDecoder, as shape: ImageShape, content: (Data) -> Void = { _ in }
  ) throws(ImageError) -> DecodedImage {
    switch self {
    case .file(let path):
      let bytes = try decoder.read(path)
      content(bytes)
      return try decoder.decode(bytes, to: shape)
    case .indexed(let file, let index):
      let whole = try file[index]
      content(Data(whole.pixels))
      let image = whole.converted(toChannels: shape.channels)
        .resampled(width: shape.width, height: shape.height)
      return DecodedImage(
        bitmap: image, origin: ImageOrigin(format: "IDX", width: file.width, height: file.height),
        warning: nil, measures: decoder.takesMeasures ? Measures(of: whole) : nil)
    case .missing(_, let error): throw error
    }
  }
}
