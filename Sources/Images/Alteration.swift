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

  /// What learned eyes tell apart, `none` first: turns about a quarter are for squares alone.
  package static func learned(_ shape: ImageShape) -> [Alteration] {
    let isSquare = shape.width == shape.height
    return [.none] + (isSquare ? [.turnedLeft] : []) + [.turnedHalf] + (isSquare ? [.turnedRight] : [])
      + [.upsideDown, .rolledAcross, .rolledDown, .shuffled]
  }

  /// Kinds that nothing learns by.
  package static let unknown: [Alteration] = [.halves, .patch, .slanted, .enlarged]

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
    }
  }
}

extension Bitmap {
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
