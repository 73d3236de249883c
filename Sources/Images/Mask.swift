/// Which pixels of an image are marked.
///
/// Marked is what is brighter than half; in a mask that has nothing so bright, whose values are labels such as 0 and 1,
/// all that is not 0.
public struct Mask: Sendable {
  private let bitmap: Bitmap

  /// - Parameter image: of any size, gray or colour.
  public init(_ image: Bitmap) {
    var bitmap = image.converted(toChannels: 1)
    let least: UInt8 = (bitmap.pixels.max() ?? 0) < 128 ? 1 : 128
    for index in bitmap.pixels.indices { bitmap.pixels[index] = bitmap.pixels[index] >= least ? 255 : 0 }
    self.bitmap = bitmap
  }

  /// Pixels at another size, `[height, width]`: marked where half of what lies there is.
  public func marked(width: Int, height: Int) -> [Bool] {
    bitmap.resampled(width: width, height: height).pixels.map { $0 >= 128 }
  }

  /// Pixels of the window that an image is aligned to, `[height, width]`: the mask is of the image as it lies.
  package func marked(in shape: ImageShape, aligning image: Bitmap, by alignment: Alignment) -> [Bool] {
    let gray = ImageShape(height: shape.height, width: shape.width, channels: 1)
    return alignment.window(of: bitmap, at: alignment.pose(in: image), gray).pixels.map { $0 >= 128 }
  }
}
