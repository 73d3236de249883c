import Foundation

/// A way of making an image one that does not belong, of the image itself and at most one other.
package enum Alteration: String, Codable, CaseIterable, Sendable {
  /// As it is.
  case none
  case turnedLeft = "turned left"
  case turnedHalf = "turned by half"
  case turnedRight = "turned right"
  case upsideDown = "upside down"
  case rolledAcross = "rolled across"
  case rolledDown = "rolled down"
  case shuffled = "quarters shuffled"
  // Not for learning by: what is learned is tried on them.
  case halves = "half another"
  case patch = "a patch of another"
  case slanted
  case enlarged
  case streaked = "a streak across"
  case blotted = "a blot"
  case smeared = "smeared in part"
  case coarsened
  case sharpened
  case specked
  case bent = "of other brightness"

  /// What learned eyes tell apart, `none` first: turns about a quarter are for squares alone.
  package static func learned(_ shape: ImageShape) -> [Alteration] {
    let isSquare = shape.width == shape.height
    return [.none] + (isSquare ? [.turnedLeft] : []) + [.turnedHalf] + (isSquare ? [.turnedRight] : [])
      + [.upsideDown, .rolledAcross, .rolledDown, .shuffled]
  }

  /// Kinds that leave an image as it was once it is aligned. What is mirrored stays so.
  package static func undone(by alignment: Alignment?) -> Set<Alteration> {
    switch alignment?.kind {
    case nil: []
    case .placed: [.rolledAcross, .rolledDown]
    case .turned: [.rolledAcross, .rolledDown, .turnedLeft, .turnedHalf, .turnedRight]
    }
  }

  /// Kinds that nothing learns by.
  package static let unknown: [Alteration] = [
    .halves, .patch, .slanted, .enlarged, .streaked, .blotted, .smeared, .coarsened, .sharpened,
    .specked, .bent,
  ]

  package var words: String { self == .none ? "as it is" : rawValue }

  /// - Parameter other: of the same shape; what `halves` and `patch` take from.
  package func callAsFunction(
    _ image: Bitmap, other: Bitmap, random: inout some RandomNumberGenerator
  ) -> Bitmap {
    let (h, w) = (image.height, image.width)
    switch self {
    case .none: return image
    case .turnedLeft: return image.upright(from: 8)
    case .turnedHalf: return image.upright(from: 3)
    case .turnedRight: return image.upright(from: 6)
    case .upsideDown: return image.upright(from: 4)
    case .rolledAcross: return image.moved { ($0, ($1 + w / 2) % w) }
    case .rolledDown: return image.moved { (($0 + h / 2) % h, $1) }
    case .shuffled:
      var order = [0, 1, 2, 3]
      repeat { order.shuffle(using: &random) } while order == [0, 1, 2, 3]
      let (tall, wide) = (h / 2, w / 2)
      return image.moved { [order] y, x in
        // A middle row or column of odd sides stays.
        guard y < 2 * tall, x < 2 * wide else { return (y, x) }
        let from = order[2 * (y / tall) + x / wide]
        return (y % tall + from / 2 * tall, x % wide + from % 2 * wide)
      }
    case .halves:
      let isAcross = Bool.random(using: &random)
      return image.mixed(with: other) { y, x in isAcross ? 2 * x < w : 2 * y < h }
    case .patch:
      let (tall, wide) = (max(h / 4, 1), max(w / 4, 1))
      let (top, left) = (
        Int.random(in: 0...h - tall, using: &random), Int.random(in: 0...w - wide, using: &random)
      )
      return image.mixed(with: other) { y, x in
        (top..<top + tall).contains(y) && (left..<left + wide).contains(x)
      }
    case .slanted:
      // Each row a little further along: by a quarter of the width from top to bottom.
      return image.moved { y, x in (y, min(max(x + (y - h / 2) * w / (4 * h), 0), w - 1)) }
    case .enlarged: return image.moved { y, x in (h / 6 + y * 2 / 3, w / 6 + x * 2 / 3) }
    case .streaked:
      // Half a side long, a thirtieth wide.
      let angle = Double.random(in: 0..<Double.pi, using: &random)
      let (cosine, sine) = (cos(angle), sin(angle))
      let (y0, x0) = image.place(&random)
      let change = Self.change(&random)
      let side = Double(min(h, w))
      return image.changed { y, x in
        let (dy, dx) = (y - y0, x - x0)
        return abs(dx * cosine + dy * sine) < side / 4
          && abs(dy * cosine - dx * sine) <= max(side / 60, 0.5) ? change : 0
      }
    case .blotted:
      let (y0, x0) = image.place(&random)
      let radius = Double(min(h, w)) * Double.random(in: 0.06...0.2, using: &random)
      let change = Self.change(&random)
      return image.changed { y, x in
        let square = ((y - y0) * (y - y0) + (x - x0) * (x - x0)) / (radius * radius)
        return square < 1 ? change * (1 - square) : 0
      }
    case .smeared:
      let (y0, x0) = image.place(&random)
      let radius = Double(min(h, w)) / 4
      let reach = max(min(h, w) / 16, 1)
      return image.smeared(by: reach) { y, x in abs(y - y0) < radius && abs(x - x0) < radius }
    case .coarsened: return image.moved { y, x in (y / 2 * 2, x / 2 * 2) }
    case .sharpened:
      // As far from the mean around as once more.
      let soft = image.smeared(by: 1) { _, _ in true }
      var result = image
      for i in result.pixels.indices {
        result.pixels[i] = UInt8(min(max(2 * Int(image.pixels[i]) - Int(soft.pixels[i]), 0), 255))
      }
      return result
    case .specked:
      var result = image
      for pixel in 0..<h * w where Int.random(in: 0..<50, using: &random) == 0 {
        let level = UInt8.random(in: 0...255, using: &random)
        for c in 0..<image.channels { result.pixels[pixel * image.channels + c] = level }
      }
      return result
    case .bent:
      let exponent = Bool.random(using: &random) ? 0.6 : 1.6
      var result = image
      for i in result.pixels.indices {
        result.pixels[i] = UInt8((255 * pow(Double(image.pixels[i]) / 255, exponent)).rounded())
      }
      return result
    }
  }
}

extension Alteration {
  /// By how much light changes where something lies on an image: by a sixth to a half of the range, either way.
  private static func change(_ random: inout some RandomNumberGenerator) -> Double {
    Double.random(in: 40...128, using: &random) * (Bool.random(using: &random) ? 1 : -1)
  }
}

extension Bitmap {
  /// A place of the image.
  fileprivate func place(_ random: inout some RandomNumberGenerator) -> (y: Double, x: Double) {
    (
      Double.random(in: 0..<Double(height), using: &random),
      Double.random(in: 0..<Double(width), using: &random)
    )
  }

  /// Lighter or darker by what `change` says of each pixel's centre.
  fileprivate func changed(by change: (_ y: Double, _ x: Double) -> Double) -> Bitmap {
    var result = self
    for y in 0..<height {
      for x in 0..<width {
        let levels = change(Double(y) + 0.5, Double(x) + 0.5)
        guard levels != 0 else { continue }
        for c in 0..<channels {
          let place = (y * width + x) * channels + c
          result.pixels[place] = UInt8(min(max(Double(pixels[place]) + levels, 0), 255))
        }
      }
    }
    return result
  }

  /// With the mean of the pixels around, `reach` on each side, where `isBlurred` says.
  fileprivate func smeared(by reach: Int, _ isBlurred: (_ y: Double, _ x: Double) -> Bool) -> Bitmap {
    var result = self
    for y in 0..<height {
      for x in 0..<width where isBlurred(Double(y) + 0.5, Double(x) + 0.5) {
        let (rows, columns) = (
          max(y - reach, 0)...min(y + reach, height - 1), max(x - reach, 0)...min(x + reach, width - 1)
        )
        for c in 0..<channels {
          var sum = 0
          for sy in rows { for sx in columns { sum += Int(pixels[(sy * width + sx) * channels + c]) } }
          result.pixels[(y * width + x) * channels + c] = UInt8(sum / (rows.count * columns.count))
        }
      }
    }
    return result
  }

  /// Each pixel taken from where `source` says.
  fileprivate func moved(_ source: (_ y: Int, _ x: Int) -> (Int, Int)) -> Bitmap {
    var result = self
    for y in 0..<height {
      for x in 0..<width {
        let (sy, sx) = source(y, x)
        for c in 0..<channels {
          result.pixels[(y * width + x) * channels + c] = pixels[(sy * width + sx) * channels + c]
        }
      }
    }
    return result
  }

  /// With the other's pixels where `isOther` says.
  fileprivate func mixed(with other: Bitmap, _ isOther: (_ y: Int, _ x: Int) -> Bool) -> Bitmap {
    var result = self
    for y in 0..<height {
      for x in 0..<width where isOther(y, x) {
        for c in 0..<channels {
          let place = (y * width + x) * channels + c
          result.pixels[place] = other.pixels[place]
        }
      }
    }
    return result
  }

  /// Moved by so many rows and columns, the edge repeated.
  package func shifted(rows: Int, columns: Int) -> Bitmap {
    moved { (min(max($0 - rows, 0), height - 1), min(max($1 - columns, 0), width - 1)) }
  }
}
