/// Least value of a function of a few numbers, by a simplex that walks downhill and shrinks (Nelder and Mead 1965): for
/// likelihoods that have corners, where derivatives mislead.
enum NelderMead {
  /// - Parameters:
  ///   - start: a first guess.
  ///   - steps: from there to the simplex's other corners.
  ///   - tolerance: values of the corners differ by no more at the end.
  static func minimise(
    from start: [Double], steps: [Double], tolerance: Double = 1e-6, evaluations: Int = 600,
    _ value: ([Double]) -> Double
  ) -> (point: [Double], value: Double) {
    let n = start.count
    var corners = [(point: start, value: value(start))]
    for k in 0..<n {
      var point = start
      point[k] += steps[k]
      corners.append((point, value(point)))
    }
    var left = evaluations - n - 1
    while left > 0 {
      corners.sort { $0.value < $1.value }
      let (best, worst) = (corners[0], corners[n])
      if worst.value - best.value <= tolerance { break }
      let center = (0..<n).map { k in corners[..<n].reduce(0) { $0 + $1.point[k] } / Double(n) }
      func along(_ t: Double) -> (point: [Double], value: Double) {
        let point = (0..<n).map { center[$0] + t * (worst.point[$0] - center[$0]) }
        left -= 1
        return (point, value(point))
      }
      let reflected = along(-1)
      if reflected.value < best.value {
        let expanded = along(-2)
        corners[n] = expanded.value < reflected.value ? expanded : reflected
      } else if reflected.value < corners[n - 1].value {
        corners[n] = reflected
      } else {
        let contracted = along(reflected.value < worst.value ? -0.5 : 0.5)
        if contracted.value < min(reflected.value, worst.value) {
          corners[n] = contracted
        } else {
          for k in 1...n {
            let point = (0..<n).map { (corners[k].point[$0] + best.point[$0]) / 2 }
            corners[k] = (point, value(point))
            left -= 1
          }
        }
      }
    }
    let best = corners.min { $0.value < $1.value } ?? corners[0]
    return (best.point, best.value)
  }
}
