import Foundation

/// A map of numbers as colours, with a bar that says what the colours stand for.
public enum HeatMap {
  /// Black over purple and orange to pale yellow: lightness rises all the way, so it also reads in gray.
  private static let ramp: [(Double, Double, Double)] = [
    (0, 0, 4), (60, 15, 110), (140, 40, 105), (215, 80, 60), (250, 160, 40), (252, 250, 190),
  ]

  /// Red, green and blue of a share of the range.
  static func colour(_ share: Double) -> [UInt8] {
    // What is no number is as odd as can be.
    let position = (share.isNaN ? 1 : min(max(share, 0), 1)) * Double(ramp.count - 1)
    let low = min(Int(position), ramp.count - 2)
    let rest = position - Double(low)
    let (a, b) = (ramp[low], ramp[low + 1])
    func between(_ x: Double, _ y: Double) -> UInt8 { UInt8((x + rest * (y - x)).rounded()) }
    return [between(a.0, b.0), between(a.1, b.1), between(a.2, b.2)]
  }

  /// The map `[height, width]`, 0 black and `most` palest.
  public static func bitmap(_ values: [Double], width: Int, height: Int, most: Double) -> Bitmap {
    Bitmap(
      width: width, height: height, channels: 3, pixels: values.flatMap { colour($0 / max(most, 1e-300)) })
  }

  /// The bar from 0 at the bottom to `most` at the top, with five marks and their numbers.
  public static func bar(height: Int, most: Double) -> Bitmap {
    let (barWidth, margin, scale) = (16, 6, 2)
    var image = Bitmap(width: barWidth + margin + 4 * 6 * scale, height: height, channels: 3, filledWith: 0)
    for y in 0..<height {
      let colour = colour(1 - Double(y) / Double(max(height - 1, 1)))
      for x in 0..<barWidth { image.set(x, y, to: colour) }
    }
    for mark in 0...4 {
      let share = Double(mark) / 4
      let y = Int((1 - share) * Double(height - 1))
      for x in barWidth..<barWidth + 3 { image.set(x, y, to: [255]) }
      let text = String(format: most >= 99.95 ? "%.0f" : "%.1f", share * most)
      let tall = DotFont.rows * scale
      let top = min(max(y - tall / 2, 0), height - tall)
      DotFont.draw(text, on: &image, x: barWidth + margin, y: top, scale: scale, colour: [255])
    }
    return image
  }

  /// Pictures of one height side by side, a gap between.
  public static func beside(_ pictures: [Bitmap], gap: Int = 8) -> Bitmap {
    let height = pictures.map(\.height).max() ?? 1
    let width = pictures.reduce(0) { $0 + $1.width } + gap * max(pictures.count - 1, 0)
    var image = Bitmap(width: max(width, 1), height: height, channels: 3, filledWith: 0)
    var left = 0
    for picture in pictures {
      let colours = picture.converted(toChannels: 3)
      for y in 0..<colours.height {
        let to = (y * image.width + left) * 3
        let from = y * colours.width * 3
        image.pixels.replaceSubrange(
          to..<to + colours.width * 3, with: colours.pixels[from..<from + colours.width * 3])
      }
      left += colours.width + gap
    }
    return image
  }
}

extension Bitmap {
  /// Every pixel repeated `scale` times each way.
  public func enlarged(by scale: Int) -> Bitmap {
    var result = Bitmap(width: width * scale, height: height * scale, channels: channels, filledWith: 0)
    for y in 0..<result.height {
      for x in 0..<result.width {
        let from = (y / scale * width + x / scale) * channels
        for c in 0..<channels { result.pixels[(y * result.width + x) * channels + c] = pixels[from + c] }
      }
    }
    return result
  }
}
