import Foundation

/// A way of spoiling a part of an image that nothing learns by: what learned to mark damage (`Damage`) is tried on it.
///
/// How strong, how large and where is drawn, strength in units of the image's own texture. All channels share shape and strength.
package enum Flaw: String, CaseIterable, ImageChange {
  /// A corner is gone: as dark, or as light, as the image gets.
  case chipped
  /// The line of a ring.
  case ringed
  /// A few dots together.
  case dotted
  /// Its own texture bent in waves.
  case wrinkled
  /// A band lies a little further along.
  case slipped

  package func changed<Random: RandomNumberGenerator>(
    _ image: Bitmap, other: Bitmap, random: inout Random
  ) -> Bitmap {
    Bitmap(spoiled(image.planes, &random))
  }

  private func spoiled(_ image: [Plane], _ random: inout some RandomNumberGenerator) -> [Plane] {
    let size = image[0]
    let (h, w, scale) = (size.height, size.width, size.scale)
    let amount = (random.happens(0.5) ? -1 : 1) * Damage.Strength(image).texture * random.logUniform(2, 8)
    func lit(_ mask: Plane) -> [Plane] {
      image.map { $0.merged(mask) { min(max($0 + amount * $1, -1), 1) } }
    }
    switch self {
    case .chipped:
      let (top, left, isDark) = (random.happens(0.5), random.happens(0.5), random.happens(0.5))
      let (tall, wide) = (random.uniform(0.08, 0.25) * scale, random.uniform(0.08, 0.25) * scale)
      return image.map { plane in
        let level = (isDark ? plane.values.min() : plane.values.max()) ?? 0
        return Plane(height: h, width: w) { y, x in
          let (down, across) = (top ? y : h - 1 - y, left ? x : w - 1 - x)
          return Float(down) / tall + Float(across) / wide < 1 ? level : plane.values[y * w + x]
        }
      }
    case .ringed:
      let center = random.point(of: size, margin: 0.15)
      let (radius, half) = (random.uniform(0.04, 0.15) * scale, random.uniform(0.6, 1.4))
      return lit(
        Plane(height: h, width: w) { y, x in
          let (dy, dx) = (Float(y) - center.y, Float(x) - center.x)
          return min(max(half + 0.5 - abs((dy * dy + dx * dx).squareRoot() - radius), 0), 1)
        })
    case .dotted:
      let center = random.point(of: size, margin: 0.15)
      let reach = 0.08 * scale
      let dots = (0..<Int.random(in: 5...15, using: &random)).map { _ in
        (
          y: center.y + random.uniform(-1, 1) * reach, x: center.x + random.uniform(-1, 1) * reach,
          radius: random.uniform(0.5, 1.6)
        )
      }
      return lit(
        Plane(height: h, width: w) { y, x in
          dots.reduce(0) { most, dot in
            let (dy, dx) = (Float(y) - dot.y, Float(x) - dot.x)
            return max(most, min(max(dot.radius + 0.5 - (dy * dy + dx * dx).squareRoot(), 0), 1))
          }
        })
    case .wrinkled:
      let center = random.point(of: size, margin: 0.1)
      let (radius, height) = (random.uniform(0.06, 0.16) * scale, random.uniform(1, 3))
      let (length, angle) = (random.uniform(4, 10), random.uniform(0, .pi))
      return image.map { plane in
        Plane(height: h, width: w) { y, x in
          let (dy, dx) = (Float(y) - center.y, Float(x) - center.x)
          guard dy * dy + dx * dx < radius * radius else { return plane.values[y * w + x] }
          let moved = height * sin(2 * .pi * (dy * sin(angle) + dx * cos(angle)) / length)
          let (from, along) = (Float(y) + moved * cos(angle), Float(x) - moved * sin(angle))
          return plane.values[
            min(max(Int(from.rounded()), 0), h - 1) * w + min(max(Int(along.rounded()), 0), w - 1)]
        }
      }
    case .slipped:
      let isAcross = random.happens(0.5)
      let (lines, length) = isAcross ? (h, w) : (w, h)
      let thick = max(Int(random.uniform(0.05, 0.15) * Float(lines)), 1)
      let first = Int.random(in: 0...lines - thick, using: &random)
      let reach = max(Int(random.uniform(0.02, 0.08) * Float(length)), 1)
      return image.map { plane in
        Plane(height: h, width: w) { y, x in
          let line = isAcross ? y : x
          guard (first..<first + thick).contains(line) else { return plane.values[y * w + x] }
          return isAcross
            ? plane.values[y * w + max(x - reach, 0)] : plane.values[max(y - reach, 0) * w + x]
        }
      }
    }
  }
}

extension RandomNumberGenerator {
  /// - Parameter margin: share of the sides where it does not lie.
  fileprivate mutating func point(of plane: Plane, margin: Float) -> (y: Float, x: Float) {
    (
      uniform(margin, 1 - margin) * Float(plane.height), uniform(margin, 1 - margin) * Float(plane.width)
    )
  }
}
