import Foundation

/// A thing as it is seen from its middle: its contrast by direction and distance. Turning the thing moves all of it along one axis.
///
/// Rings are weighed by the root of their radius, so that equal areas of the thing count alike.
struct PolarView: Sendable, Hashable {
  static let rings = 24
  static let directions = 180
  /// `[channels, rings, directions]`; directions from the right, downwards.
  private(set) var values: [Float]
  let channels: Int

  private init(channels: Int, values: [Float]) { (self.channels, self.values) = (channels, values) }

  /// - Parameters:
  ///   - middle: that it is seen from, in pixels.
  ///   - reach: distance of the outermost ring's outer edge, in pixels.
  init(_ thing: Foreground, from middle: (x: Double, y: Double), reach: Double) {
    let (n, m) = (Self.rings, Self.directions)
    var values = [Float](repeating: 0, count: thing.contrasts.count * n * m)
    for (c, plane) in thing.contrasts.enumerated() {
      for ring in 0..<n {
        let radius = (Double(ring) + 0.5) / Double(n) * reach
        let weight = Float(radius.squareRoot())
        for direction in 0..<m {
          let angle = 2 * Double.pi * Double(direction) / Double(m)
          values[(c * n + ring) * m + direction] =
            weight
            * plane.interpolated(middle.x + radius * cos(angle), middle.y + radius * sin(angle))
        }
      }
    }
    self.init(channels: thing.contrasts.count, values: values)
    scaleToLengthOne()
  }

  private mutating func scaleToLengthOne() {
    let length = values.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
    if length > 0 { for i in values.indices { values[i] /= length } }
  }

  /// By how much the thing is turned against another, in radians, and the cosine of the two views when it is turned back.
  func turn(from other: PolarView) -> (angle: Double, likeness: Double) {
    let m = Self.directions
    var sums = [Float](repeating: 0, count: m)
    var twice = [Float](repeating: 0, count: 2 * m)
    sums.withUnsafeMutableBufferPointer { sums in
      twice.withUnsafeMutableBufferPointer { twice in
        for row in stride(from: 0, to: values.count, by: m) {
          for j in 0..<m {
            twice[j] = values[row + j]
            twice[j + m] = values[row + j]
          }
          for j in 0..<m {
            let factor = other.values[row + j]
            // In bounds: j + k is below 2 m.
            for k in 0..<m { sums[k] += factor * twice[j + k] }
          }
        }
      }
    }
    let best = sums.indices.max { sums[$0] < sums[$1] } ?? 0
    let (before, at, after) = (sums[(best + m - 1) % m], sums[best], sums[(best + 1) % m])
    // The top of the parabola through the three.
    let bend = before - 2 * at + after
    let offset = bend < 0 ? Double((before - after) / (2 * bend)) : 0
    return ((Double(best) + offset) * 2 * Double.pi / Double(m), Double(at))
  }

  /// The view of the thing turned back by an angle.
  func turnedBack(_ angle: Double) -> PolarView {
    let m = Self.directions
    let shift = angle / (2 * Double.pi) * Double(m)
    let whole = Int(shift.rounded(.down))
    let share = Float(shift - shift.rounded(.down))
    var result = self
    for row in stride(from: 0, to: values.count, by: m) {
      for j in 0..<m {
        let first = ((j + whole) % m + m) % m
        result.values[row + j] = (1 - share) * values[row + first] + share * values[row + (first + 1) % m]
      }
    }
    return result
  }

  /// The angle of the axis along which the thing spreads most, in radians.
  var axis: Double {
    let (n, m) = (Self.rings, Self.directions)
    var (x, y) = (0.0, 0.0)
    for row in 0..<channels * n {
      // The weight by area is undone to its root, and distances are squared: second moments.
      let radius = Double(row % n) + 0.5
      for j in 0..<m {
        let weight = Double(abs(values[row * m + j])) * radius.squareRoot() * radius * radius
        let angle = 4 * Double.pi * Double(j) / Double(m)
        x += weight * cos(angle)
        y += weight * sin(angle)
      }
    }
    return atan2(y, x) / 2
  }

  /// What most of some things look like when all are turned alike, their axis level; rounded to 255 steps, as files keep it.
  static func template(of views: [PolarView]) -> PolarView? {
    guard let first = views.first else { return nil }
    // Begun from the view that most are like.
    let some = views.prefix(20)
    let likenesses = some.map { view in some.map { view.turn(from: $0).likeness }.sorted()[some.count / 2] }
    let likest = likenesses.indices.max { likenesses[$0] < likenesses[$1] } ?? 0
    var template = views[likest]
    for _ in 0..<4 {
      var sum = [Float](repeating: 0, count: first.values.count)
      for view in views {
        let turned = view.turnedBack(view.turn(from: template).angle)
        for i in sum.indices { sum[i] += turned.values[i] }
      }
      template = PolarView(channels: first.channels, values: sum)
      template.scaleToLengthOne()
    }
    return PolarView(steps: template.turnedBack(template.axis).values.inSteps)
  }

  // MARK: In a file

  /// - Parameter steps: `[channels, rings, directions]`.
  /// - Returns: nil of another number of them, or of none but 0.
  init?(steps: [Int8]) {
    let each = Self.rings * Self.directions
    guard [each, 3 * each].contains(steps.count), steps.contains(where: { $0 != 0 }) else { return nil }
    self.init(channels: steps.count / each, values: steps.map { Float($0) })
    scaleToLengthOne()
  }

  var steps: [Int8] { values.inSteps }
}

extension Plane {
  /// The value at a place between pixels, whose middles are at halves; 0 outside.
  func interpolated(_ x: Double, _ y: Double) -> Float {
    let (left, top) = ((x - 0.5).rounded(.down), (y - 0.5).rounded(.down))
    let (u, v) = (Float(x - 0.5 - left), Float(y - 0.5 - top))
    func value(_ x: Int, _ y: Int) -> Float {
      x >= 0 && y >= 0 && x < width && y < height ? values[y * width + x] : 0
    }
    let (i, j) = (Int(left), Int(top))
    return (1 - v) * ((1 - u) * value(i, j) + u * value(i + 1, j))
      + v * ((1 - u) * value(i, j + 1) + u * value(i + 1, j + 1))
  }
}
