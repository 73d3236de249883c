import CImageCodecs
import Foundation

extension Bitmap {
  /// The image as a PNG file.
  /// - Throws: `ImageError.corrupt` or `.tooLarge` with libpng's reason.
  public func png() throws(ImageError) -> Data {
    var encoded: UnsafeMutablePointer<UInt8>?
    var size = 0
    var message = [CChar](repeating: 0, count: Int(IMAGE_MESSAGE_SIZE))
    let status = image_encode_png(
      pixels, Int32(width), Int32(height), Int32(channels), &encoded, &size, &message)
    guard status == IMAGE_OK, let encoded else { throw ImageDecoder.error(status, message) }
    defer { image_free_bytes(encoded) }
    return Data(bytes: encoded, count: size)
  }

  /// The image as a baseline JPEG file.
  /// - Parameter quality: 1 to 100, as libjpeg counts.
  /// - Throws: `ImageError` with libjpeg's reason.
  public func jpeg(quality: Int) throws(ImageError) -> Data {
    var encoded: UnsafeMutablePointer<UInt8>?
    var size = 0
    var message = [CChar](repeating: 0, count: Int(IMAGE_MESSAGE_SIZE))
    let status = image_encode_jpeg(
      pixels, Int32(width), Int32(height), Int32(channels), Int32(quality), &encoded, &size, &message)
    guard status == IMAGE_OK, let encoded else { throw ImageDecoder.error(status, message) }
    defer { image_free_bytes(encoded) }
    return Data(bytes: encoded, count: size)
  }

  /// Images of one size side by side in a near-square grid with thin seams, each enlarged `scale` times.
  public static func contactSheet(_ images: [Bitmap], scale: Int = 2) -> Bitmap? {
    guard let first = images.first else { return nil }
    let columns = Int(Double(images.count).squareRoot().rounded(.up))
    let rows = (images.count + columns - 1) / columns
    let (cellWidth, cellHeight) = (first.width * scale + 2, first.height * scale + 2)
    var sheet = Bitmap(
      width: columns * cellWidth + 2, height: rows * cellHeight + 2, channels: first.channels, filledWith: 128
    )
    for (index, image) in images.enumerated() {
      sheet.paste(
        image, scale: scale, x: index % columns * cellWidth + 2, y: index / columns * cellHeight + 2)
    }
    return sheet
  }

  /// Writes `image`, each pixel a square of `scale`, with its corner at (x, y).
  public mutating func paste(_ image: Bitmap, scale: Int, x left: Int, y top: Int) {
    for y in 0..<image.height * scale {
      for x in 0..<image.width * scale {
        for c in 0..<channels {
          pixels[((top + y) * width + left + x) * channels + c] =
            image.pixels[((y / scale) * image.width + x / scale) * image.channels + c]
        }
      }
    }
  }
}
