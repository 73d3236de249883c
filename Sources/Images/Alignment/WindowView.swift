import Foundation

/// A thing and the ground around it as a window shows them, in grey levels away from the ground: what says how far the window is off.
///
/// Nothing is left out by a threshold, as where the thing's middle is looked for: a part that is as light as the ground in one picture moves that
/// middle, and not this.
struct WindowView: Sendable, Hashable {
  /// Pixels along a window.
  static let side = 64
  /// How far off a window may be, in these.
  static let most = 8
  /// Pixels along what a window is looked for in.
  static let searched = side + 2 * most

  /// `[channels, size, size]`.
  private(set) var values: [Float]
  let channels: Int
  private let size: Int

  /// Where the middle of what is seen lies, in pixels, and how it is turned, in radians, downwards from the right.
  struct Lie {
    var x: Double
    var y: Double
    var angle: Double
  }

  private init(channels: Int, size: Int, values: [Float]) {
    (self.channels, self.size, self.values) = (channels, size, values)
  }

  /// - Parameters:
  ///   - half: of the window's sides, in pixels of the image, along and across.
  ///   - size: `side`, or `searched` for the window with what is around it.
  init(_ thing: Foreground, at lie: Lie, half: (width: Double, height: Double), size: Int) {
    let (c, s) = (cos(lie.angle), sin(lie.angle))
    let (along, across) = (2 * half.width / Double(Self.side), 2 * half.height / Double(Self.side))
    var values: [Float] = []
    values.reserveCapacity(thing.relief.count * size * size)
    for plane in thing.relief {
      for row in 0..<size {
        let v = (Double(row) + 0.5 - Double(size) / 2) * across
        for column in 0..<size {
          let u = (Double(column) + 0.5 - Double(size) / 2) * along
          let (x, y) = (lie.x + u * c - v * s, lie.y + u * s + v * c)
          values.append(plane.interpolated(x, y))
        }
      }
    }
    self.init(channels: thing.relief.count, size: size, values: values)
  }

  /// The mean of some windows, each scaled to length 1, as a file keeps it.
  static func mean(of views: [WindowView]) -> WindowView? {
    guard let first = views.first else { return nil }
    var sum = [Float](repeating: 0, count: first.values.count)
    for view in views {
      let length = view.values.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
      guard length > 0 else { continue }
      for i in sum.indices { sum[i] += view.values[i] / length }
    }
    return WindowView(steps: sum.inSteps)
  }

  /// Where a window lies best in what is around it (`searched`), by the cosine of the two: how far from the middle, in pixels of the window.
  func offset(of window: WindowView) -> (along: Double, across: Double) {
    let (n, wide, shifts) = (Self.side, Self.searched, 2 * Self.most + 1)
    var products = [Float](repeating: 0, count: shifts * shifts)
    values.withUnsafeBytes { values in
      window.values.withUnsafeBytes { window in
        for down in 0..<shifts {
          for across in 0..<shifts {
            var sum = SIMD16<Float>.zero
            for row in 0..<channels * n {
              // In bounds: a row of the window, moved by 2 most at the most, ends where a row of what is around it does.
              let from = (row / n * wide + row % n + down) * wide + across
              for x in stride(from: 0, to: n, by: 16) {
                let one = window.loadUnaligned(fromByteOffset: 4 * (row * n + x), as: SIMD16<Float>.self)
                let other = values.loadUnaligned(fromByteOffset: 4 * (from + x), as: SIMD16<Float>.self)
                sum += one * other
              }
            }
            products[down * shifts + across] = sum.sum()
          }
        }
      }
    }
    let squares = squares
    let cosines = zip(products, squares).map { $1 > 0 ? $0 / $1.squareRoot() : 0 }
    let best = cosines.indices.max { cosines[$0] < cosines[$1] } ?? 0
    /// The top of the parabola through three.
    func top(_ step: Int, _ place: Int) -> Double {
      guard place > 0, place < shifts - 1 else { return Double(place - Self.most) }
      let (before, at, after) = (cosines[best - step], cosines[best], cosines[best + step])
      let bend = before - 2 * at + after
      return Double(place - Self.most) + (bend < 0 ? Double((before - after) / (2 * bend)) : 0)
    }
    return (top(1, best % shifts), top(shifts, best / shifts))
  }

  /// The sum of squares of what each shift of a window shows, by differences of sums over all that is above and to the left.
  private var squares: [Float] {
    let (n, wide, shifts) = (Self.side, Self.searched, 2 * Self.most + 1)
    var sums = [Double](repeating: 0, count: (wide + 1) * (wide + 1))
    for y in 0..<wide {
      var row = 0.0
      for x in 0..<wide {
        for c in 0..<channels {
          row += Double(values[(c * wide + y) * wide + x] * values[(c * wide + y) * wide + x])
        }
        sums[(y + 1) * (wide + 1) + x + 1] = sums[y * (wide + 1) + x + 1] + row
      }
    }
    return (0..<shifts * shifts).map { place in
      let (top, left) = (place / shifts, place % shifts)
      func sum(_ y: Int, _ x: Int) -> Double { sums[y * (wide + 1) + x] }
      return Float(sum(top + n, left + n) - sum(top, left + n) - sum(top + n, left) + sum(top, left))
    }
  }

  // MARK: In a file

  /// - Parameter steps: `[channels, side, side]`.
  /// - Returns: nil of another number of them, or of none but 0.
  init?(steps: [Int8]) {
    let each = Self.side * Self.side
    guard [each, 3 * each].contains(steps.count), steps.contains(where: { $0 != 0 }) else { return nil }
    self.init(channels: steps.count / each, size: Self.side, values: steps.map { Float($0) })
  }

  var steps: [Int8] { values.inSteps }
}

extension [Float] {
  /// Scaled so that the largest is 127, and rounded.
  var inSteps: [Int8] {
    let most = reduce(Float(0)) { Swift.max($0, abs($1)) }
    return most > 0 ? map { Int8(($0 / most * 127).rounded()) } : map { _ in 0 }
  }
}
