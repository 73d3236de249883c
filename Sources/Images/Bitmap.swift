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
        let red = Int(pixels[3 * pixel])
        let green = Int(pixels[3 * pixel + 1])
        let blue = Int(pixels[3 * pixel + 2])
        let luma = 299 * red + 587 * green + 114 * blue
        result.pixels[pixel] = UInt8((luma + 500) / 1000)
      } else {
        for c in 0..<3 { result.pixels[3 * pixel + c] = pixels[pixel] }
      }
    }
    return result
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

  /// Area-averaging resampling to another size: each target pixel is the mean of the source area it covers, by
  /// exact fractions; enlarging repeats pixels with blended seams. Rows and columns in turn, result rounded once.
  public func resampled(width newWidth: Int, height newHeight: Int) -> Bitmap {
    guard newWidth != width || newHeight != height else { return self }
    let columns = Self.areaWeights(from: width, to: newWidth)
    let rows = Self.areaWeights(from: height, to: newHeight)
    var across = [Float](repeating: 0, count: height * newWidth * channels)
    for y in 0..<height {
      for x in 0..<newWidth {
        for (source, weight) in columns[x] {
          for c in 0..<channels {
            across[(y * newWidth + x) * channels + c] +=
              weight * Float(pixels[(y * width + source) * channels + c])
          }
        }
      }
    }
    var result = Bitmap(width: newWidth, height: newHeight, channels: channels, filledWith: 0)
    let line = newWidth * channels
    for y in 0..<newHeight {
      for i in 0..<line {
        var sum: Float = 0
        for (source, weight) in rows[y] { sum += weight * across[source * line + i] }
        result.pixels[y * line + i] = UInt8(min(max(sum.rounded(), 0), 255))
      }
    }
    return result
  }

  /// For each target position, the source positions under it and their shares, summing to 1.
  private static func areaWeights(from size: Int, to target: Int) -> [[(Int, Float)]] {
    let scale = Double(size) / Double(target)
    return (0..<target).map { index in
      let start = Double(index) * scale
      let end = min(Double(index + 1) * scale, Double(size))
      return (Int(start)..<max(Int(end.rounded(.up)), Int(start) + 1)).compactMap { source in
        let share = (min(end, Double(source + 1)) - max(start, Double(source))) / (end - start)
        return share > 0 && source < size ? (source, Float(share)) : nil
      }
    }
  }
}
