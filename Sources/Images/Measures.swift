import Foundation

/// What is measured of one image as its file holds it, before it is brought to a model's size.
///
/// Measured while it is decoded, on means over squares of 2, 4, 8 ... pixels a side, as large as leave at least `side` along the
/// longer side of the image: edges keep the sharpness they are seen with, and images of all sizes compare. Light is luma,
/// 0 to 255, transparent pixels over the decoder's background.
public struct Measures: Sendable, Equatable, Codable {
  /// Pixels of the longer side that are left at least to measure, where the image has them; twice as many at most.
  static let side = 128

  /// Pixels of the file, upright.
  public let width: Int
  public let height: Int
  /// Luma that 1 % of its area is darker than: high in images without dark parts.
  public let shadow: Double
  /// Mean luma.
  public let brightness: Double
  /// The largest of red, green and blue that 1 % of its area is brighter than: low in dark images, in which no colour
  /// shines.
  public let highlight: Double
  /// Standard deviation of the luma.
  public let contrast: Double
  /// How much of its strongest edges falls between two pixels: about 0.6 where they are ramps, 1 where they are steps,
  /// more in noise; contrast does not change it. 0.8 where there are no edges.
  public let sharpness: Double
  /// Bits a pixel: the mean of the entropies of its grey levels and of how they differ from their neighbours'.
  public let information: Double
  /// Root mean square of the difference between the largest and the smallest colour of a pixel: 0 in gray images.
  public let colourfulness: Double
  /// Share of its area that lets the background through.
  public let transparency: Double

  package init(
    width: Int, height: Int, shadow: Double, brightness: Double, highlight: Double, contrast: Double,
    sharpness: Double, information: Double, colourfulness: Double, transparency: Double = 0
  ) {
    self.width = width
    self.height = height
    self.shadow = shadow
    self.brightness = brightness
    self.highlight = highlight
    self.contrast = contrast
    self.sharpness = sharpness
    self.information = information
    self.colourfulness = colourfulness
    self.transparency = transparency
  }

  /// Of an image as it is.
  public init(of image: Bitmap) {
    var measurer = RowMeasurer(width: image.width, height: image.height, channels: image.channels)
    image.pixels.withUnsafeBufferPointer { pixels in
      // In bounds: a bitmap holds width * height * channels values.
      for y in 0..<image.height { measurer.add(pixels.baseAddress! + y * image.width * image.channels) }
    }
    self = measurer.finish(width: image.width, height: image.height)
  }

  /// The side of the squares over which an image is averaged.
  static func square(width: Int, height: Int) -> Int {
    var square = 1
    while square < RowMeasurer.largestSquare, max(width, height) / (2 * square) >= side { square *= 2 }
    return square
  }

  /// - Parameters:
  ///   - width, height: of the file, upright.
  ///   - reduced: the means over squares, in any of the eight ways a camera may lie.
  init(width: Int, height: Int, reduced: Bitmap, transparency: Double) {
    self.width = width
    self.height = height
    self.transparency = transparency
    let luma: [UInt8]
    if reduced.channels == 3 {
      let colours = Colours(reduced.pixels)
      luma = colours.luma
      colourfulness = colours.colourfulness
      highlight = Levels(colours.largest).quantile(0.99)
    } else {
      luma = reduced.pixels
      colourfulness = 0
      highlight = Levels(luma).quantile(0.99)
    }
    let levels = Levels(luma)
    shadow = levels.quantile(0.01)
    (brightness, contrast) = levels.moments
    let differences = Levels(differencesOf: luma, width: reduced.width)
    information = (levels.entropy + differences.entropy) / 2
    sharpness = Edges(luma, width: reduced.width).sharpness
  }
}

/// What the colours of each pixel come to.
private struct Colours {
  let luma: [UInt8]
  /// The largest of the three.
  let largest: [UInt8]
  /// Root mean square of the difference between the largest and the smallest.
  let colourfulness: Double

  /// - Parameter pixels: RGB.
  init(_ pixels: [UInt8]) {
    let count = pixels.count / 3
    var luma = [UInt8](repeating: 0, count: count)
    var largest = luma
    var sum = 0
    pixels.withUnsafeBufferPointer { pixels in
      luma.withUnsafeMutableBufferPointer { luma in
        largest.withUnsafeMutableBufferPointer { largest in
          // In bounds: whole pixels of three values.
          for at in 0..<count {
            let (red, green, blue) = (pixels[3 * at], pixels[3 * at + 1], pixels[3 * at + 2])
            luma[at] = Bitmap.luma(Int(red), Int(green), Int(blue))
            largest[at] = max(red, green, blue)
            let chroma = Int(largest[at] - min(red, green, blue))
            sum += chroma * chroma
          }
        }
      }
    }
    self.luma = luma
    self.largest = largest
    colourfulness = (Double(sum) / Double(max(count, 1))).squareRoot()
  }
}

/// How often each level occurs.
private struct Levels {
  private var counts: [Int]

  init(_ luma: [UInt8]) {
    counts = [Int](repeating: 0, count: 256)
    counts.withUnsafeMutableBufferPointer { counts in for level in luma { counts[Int(level)] += 1 } }
  }

  /// Of differences of each pixel from the mean of those left and above, at 255 more. In the first row and column one of
  /// them stands for both; the first pixel has none.
  init(differencesOf luma: [UInt8], width: Int) {
    counts = [Int](repeating: 0, count: 511)
    counts.withUnsafeMutableBufferPointer { counts in
      luma.withUnsafeBufferPointer { luma in
        for at in 1..<max(min(width, luma.count), 1) {
          counts[Int(luma[at]) - Int(luma[at - 1]) + 255] += 1
        }
        for row in stride(from: width, to: luma.count, by: width) {
          counts[Int(luma[row]) - Int(luma[row - width]) + 255] += 1
          for at in row + 1..<row + width {
            counts[Int(luma[at]) - (Int(luma[at - 1]) + Int(luma[at - width])) / 2 + 255] += 1
          }
        }
      }
    }
  }

  private var total: Int { counts.reduce(0, +) }

  /// The lowest level that at least such a share is at or below.
  func quantile(_ share: Double) -> Double {
    let wanted = share * Double(total)
    var below = 0
    for (level, count) in counts.enumerated() {
      below += count
      if Double(below) >= wanted, below > 0 { return Double(level) }
    }
    return 0
  }

  /// Mean and standard deviation.
  var moments: (Double, Double) {
    let n = Double(max(total, 1))
    let mean = counts.indices.reduce(0.0) { $0 + Double($1) * Double(counts[$1]) } / n
    let square = counts.indices.reduce(0.0) {
      $0 + (Double($1) - mean) * (Double($1) - mean) * Double(counts[$1])
    }
    return (mean, (square / n).squareRoot())
  }

  /// Bits.
  var entropy: Double {
    let n = Double(max(total, 1))
    return counts.reduce(0) { sum, count in
      guard count > 0 else { return sum }
      let share = Double(count) / n
      return sum - share * log2(share)
    }
  }
}

/// How luma changes over three pixels, along rows and columns, by how much.
private struct Edges {
  /// Of each change, 0 to 255: how often it occurs, and the squares of the three steps it is made of.
  private var counts = [Int](repeating: 0, count: 256)
  private var squares = [Int](repeating: 0, count: 256)

  /// The share of changes that are taken for edges.
  private static let share = 0.1
  /// Squares of grey levels that stand for rounding: what changes less is told nothing of.
  private static let rounding = (steps: 1.0, change: 1.6)

  /// More pixels than these are looked at in every second row: the tenth of them that counts is thousands still.
  private static let plenty = 16_384

  init(_ luma: [UInt8], width: Int) {
    let height = luma.count / width
    let step = luma.count > Self.plenty ? 2 : 1
    luma.withUnsafeBufferPointer { luma in
      guard let luma = luma.baseAddress else { return }
      for y in stride(from: 0, to: height, by: step) {
        if width > 3 { add(luma + y * width, count: width - 3, apart: 1) }
        if y < height - 3 { add(luma + y * width, count: width, apart: width) }
      }
    }
  }

  /// The changes from each of `count` pixels over three steps of pixels so far `apart`.
  private mutating func add(_ pixels: UnsafePointer<UInt8>, count: Int, apart: Int) {
    counts.withUnsafeMutableBufferPointer { counts in
      squares.withUnsafeMutableBufferPointer { squares in
        for at in 0..<count {
          let (a, b) = (Int32(pixels[at]), Int32(pixels[at + apart]))
          let (c, d) = (Int32(pixels[at + 2 * apart]), Int32(pixels[at + 3 * apart]))
          let change = Int(abs(d &- a))
          counts[change] &+= 1
          squares[change] &+= Int((b &- a) &* (b &- a) &+ (c &- b) &* (c &- b) &+ (d &- c) &* (d &- c))
        }
      }
    }
  }

  /// Root of the squares of the steps of the largest changes, as a share of the squares of the changes.
  var sharpness: Double {
    let most = Self.share * Double(counts.reduce(0, +))
    var (taken, steps, changes) = (0.0, 0.0, 0.0)
    for change in counts.indices.reversed() where counts[change] > 0 && taken < most {
      let part = min(1, (most - taken) / Double(counts[change]))
      taken += part * Double(counts[change])
      steps += part * Double(squares[change])
      changes += part * Double(counts[change] * change * change)
    }
    let n = max(taken, 1e-9)
    return ((steps / n + Self.rounding.steps) / (changes / n + Self.rounding.change)).squareRoot()
  }
}
