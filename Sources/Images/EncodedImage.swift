import Files
import Foundation

/// An image as it was read and not decoded yet: a file's bytes, or one of an IDX file's images.
package struct EncodedImage: Sendable {
  /// The file's state before it was read.
  package let stamp: FileStamp
  private let form: Form

  private enum Form {
    case file(Data)
    case pixels(Bitmap)
  }

  init(file bytes: Data, _ stamp: FileStamp) {
    form = .file(bytes)
    self.stamp = stamp
  }

  init(pixels: Bitmap, _ stamp: FileStamp) {
    form = .pixels(pixels)
    self.stamp = stamp
  }

  /// What it is made of: the file's bytes, of an image in an IDX file its pixels.
  package var content: Data {
    switch form {
    case .file(let bytes): bytes
    case .pixels(let image): Data(image.pixels)
    }
  }

  /// What tells it from other images of the same content: nothing of a file, of pixels their arrangement.
  package var arrangement: [Int] {
    switch form {
    case .file: []
    case .pixels(let image): [image.width, image.height, image.channels]
    }
  }

  /// The image in the shape wanted.
  /// - Throws: `ImageError`.
  /// - Parameter cutter: takes tiles of the image at its own size, in the shape's channels (`ImageDecoder.decode`).
  package func decoded(
    _ decoder: ImageDecoder, as shape: ImageShape, cutting cutter: TileCutter? = nil
  ) throws(ImageError) -> DecodedImage {
    if let alignment = decoder.alignment, cutter == nil { return try aligned(by: alignment, decoder, shape) }
    switch form {
    case .file(let bytes): return try decoder.decode(bytes, to: shape, cutting: cutter)
    case .pixels(let whole):
      cutter?.cut(whole.converted(toChannels: shape.channels))
      let image = whole.converted(toChannels: shape.channels)
        .resampled(width: shape.width, height: shape.height)
      return DecodedImage(
        bitmap: image, origin: ImageOrigin(format: "IDX", width: whole.width, height: whole.height),
        warning: nil, measures: decoder.takesMeasures ? Measures(of: whole) : nil)
    }
  }

  /// The image as it is, its longer side no longer than a side.
  /// - Throws: `ImageError`.
  package func decoded(
    _ decoder: ImageDecoder, within side: Int, channels: Int
  ) throws(ImageError) -> DecodedImage {
    switch form {
    case .file(let bytes): return try decoder.decode(bytes, .within(side: side, channels: channels))
    case .pixels(let whole):
      return DecodedImage(
        bitmap: whole.converted(toChannels: channels).fitted(within: side),
        origin: ImageOrigin(format: "IDX", width: whole.width, height: whole.height),
        warning: nil, measures: decoder.takesMeasures ? Measures(of: whole) : nil)
    }
  }

  private func aligned(
    by alignment: Alignment, _ decoder: ImageDecoder, _ shape: ImageShape
  ) throws(ImageError) -> DecodedImage {
    let whole = try decoded(
      decoder, within: alignment.side(for: shape), channels: max(alignment.channels, shape.channels))
    let (image, isFound) = alignment.aligned(whole.bitmap, to: shape)
    let warnings = [whole.warning, isFound ? nil : Alignment.nothingFound].compactMap { $0 }
    return DecodedImage(
      bitmap: image, origin: whole.origin, warning: warnings.isEmpty ? nil : warnings.joined(separator: "; "),
      measures: whole.measures)
  }
}
