/// An 8-bit image: rows of pixels of interleaved channels.
public struct Bitmap: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// 1 gray, 3 RGB.
  public let channels: Int
  /// `[height, width, channels]`.
  public var pixels: [UInt8]

  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(pixels.count == width * height * channels)
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  public init(shape: ImageShape, pixels: [UInt8]) {
    self.init(width: shape.width, height: shape.height, channels: shape.channels, pixels: pixels)
  }

  public var shape: ImageShape { ImageShape(height: height, width: width, channels: channels) }

  /// One colour all over.
  public init(width: Int, height: Int, channels: Int, filledWith value: UInt8) {
    self.init(
      width: width, height: height, channels: channels,
      pixels: Array(repeating: value, count: width * height * channels))
  }

  /// Gray from RGB by the luma of ITU-R BT.601 (0.299, 0.587, 0.114), RGB from gray by repetition.
  public func converted(toChannels wanted: Int) -> Bitmap {
    guard wanted != channels else { return self }
    var result = Bitmap(width: width, height: height, channels: wanted, filledWith: 0)
    for pixel in 0..<width * height {
      if wanted == 1 {
        result.pixels[pixel] = Self.luma(
          Int(pixels[3 * pixel]), Int(pixels[3 * pixel + 1]), Int(pixels[3 * pixel + 2]))
      } else {
        for c in 0..<3 { result.pixels[3 * pixel + c] = pixels[pixel] }
      }
    }
    return result
  }

  static func luma(_ red: Int, _ green: Int, _ blue: Int) -> UInt8 {
    UInt8((299 * red + 587 * green + 114 * blue + 500) / 1000)
  }

  /// Upright from how the camera lay: EXIF orientation 1 to 8 (EXIF 2.3, 4.6.4 A).
  public func upright(from orientation: Int) -> Bitmap {
    guard (2...8).contains(orientation) else { return self }
    let turned = orientation >= 5
    var result = Bitmap(
      width: turned ? height : width, height: turned ? width : height, channels: channels, filledWith: 0)
    for y in 0..<result.height {
      for x in 0..<result.width {
        let (sx, sy) =
          switch orientation {
          case 2: (width - 1 - x, y)
          case 3: (width - 1 - x, height - 1 - y)
          case 4: (x, height - 1 - y)
          case 5: (y, x)
          case 6: (y, height - 1 - x)
          case 7: (width - 1 - y, height - 1 - x)
          default: (width - 1 - y, x)
          }
        for c in 0..<channels {
          result.pixels[(y * result.width + x) * channels + c] = pixels[(sy * width + sx) * channels + c]
        }
      }
    }
    return result
  }

  /// Resampled by area (`AreaResampler`).
  public func resampled(width newWidth: Int, height newHeight: Int) -> Bitmap {
    guard newWidth != width || newHeight != height else { return self }
    var resampler = AreaResampler(
      fromWidth: width, height: height, channels: channels, toWidth: newWidth, height: newHeight)
    pixels.withUnsafeBufferPointer { pixels in
      // In bounds: the initialiser holds pixels to width * height * channels.
      for y in 0..<height { resampler.add(pixels.baseAddress! + y * width * channels) }
    }
    return resampler.finish()
  }
}
