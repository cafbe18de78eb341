"""The GLSL programs of the renderer: one for pictures, one for where each visible point goes."""

from __future__ import annotations

#: Head motion and projection, shared by both programs. Window coordinates run from the upper left corner.
_MOTION = """
#version 330
struct Motion { mat3 turn; vec3 shift; vec3 sway; };
uniform vec3 pivot;
uniform vec2 size;       // pixels: width, height
uniform vec2 centre;     // pixels: where the origin is seen
uniform float focal_px;
uniform float distance_dm;
vec3 moved(Motion motion, vec3 place, float follow) {
    vec3 turned = motion.turn * (place - pivot) + pivot + motion.shift;
    return mix(place, turned, follow) + motion.sway;
}
vec4 projected(vec3 place) {
    float depth = distance_dm - place.z;
    vec2 middle = 2.0 * centre / size - 1.0;
    vec2 scale = 2.0 * focal_px / size;
    return vec4(middle * depth + vec2(place.x, -place.y) * scale, (depth - distance_dm) * depth / 4.0, depth);
}
"""

PICTURE_VERTEX = (
    _MOTION
    + """
uniform Motion now;
in vec3 place, normal;
in vec3 canonical;
in vec2 at;
in vec3 traits;          // openness, follow, height of the shell
out vec3 world, outward, along;
out vec2 spot;
out float openness, height;
void main() {
    world = moved(now, place, traits.y);
    outward = mix(normal, now.turn * normal, traits.y);
    along = mix(canonical, now.turn * canonical, traits.y);
    spot = at;
    openness = traits.x;
    height = traits.z;
    gl_Position = projected(world);
}
"""
)

#: Light that all surfaces share. Colours are stored as square roots: a picture is shown with gamma 2.
_LIGHT = """
#version 330
uniform vec3 to_light[2], light[2];
uniform vec3 sky, ground;
uniform float distance_dm;
in vec3 world, outward, along;
in vec2 spot;
in float openness, height;
out vec4 colour;
vec3 diffuse(vec3 n, vec3 wrap) {   // light that enters skin leaves it further on: red furthest
    vec3 first = max((vec3(dot(n, to_light[0])) + wrap) / (1.0 + wrap), 0.0);
    vec3 second = max((vec3(dot(n, to_light[1])) + wrap) / (1.0 + wrap), 0.0);
    return (light[0] * first + light[1] * second) * (0.35 + 0.65 * openness);
}
vec3 around(vec3 n) { return mix(ground, sky, 0.5 + 0.5 * n.y) * openness; }
vec3 to_camera() { return normalize(vec3(0.0, 0.0, distance_dm) - world); }
vec2 mirrored(vec3 n, vec3 view) {   // cosine between the normal and each half vector
    return max(vec2(dot(n, normalize(to_light[0] + view)), dot(n, normalize(to_light[1] + view))), 0.0);
}
void show(vec3 linear, float cover) { colour = vec4(sqrt(clamp(linear, 0.0, 1.0)), cover); }
"""

_SKIN = """
uniform sampler2D skin;
void main() {
    vec3 n = normalize(outward), view = to_camera();
    float facing = dot(n, view);
    if (facing < 0.0) n = -n;
    vec4 paint = texture(skin, spot);
    vec3 bounce = around(n) * mix(vec3(1.12, 0.97, 0.92), vec3(1.0), openness);
    vec3 linear = paint.rgb * paint.rgb * (diffuse(n, vec3(0.32, 0.2, 0.16)) + bounce);
    vec2 near = mirrored(n, view);
    near *= near; near *= near; near *= near;      // ^8
    vec2 far = near * near;                        // ^16
    vec2 sharp = far * far; sharp *= sharp;        // ^64
    float rim = 1.0 - abs(facing);
    float fresnel = 0.035 + 0.25 * rim * rim * rim * rim;
    vec2 gloss = fresnel * (0.9 * far + 1.1 * sharp);
    linear += paint.a * openness * (light[0] * gloss.x + light[1] * gloss.y);
    show(linear, 1.0);
}
"""

_EYE = """
uniform sampler2D eye;
void main() {
    vec3 n = normalize(outward);
    vec4 paint = texture(eye, spot);
    vec3 linear = paint.rgb * paint.rgb * (0.85 * diffuse(n, vec3(0.3)) + around(n)) * openness;
    vec2 near = mirrored(n, to_camera());
    for (int k = 0; k < 9; ++k) near *= near;      // ^512
    show(linear + openness * 0.5 * (light[0] * near.x + light[1] * near.y), 1.0);
}
"""

_MOUTH = """
void main() {   // teeth and tongue: their colour comes with the vertex
    vec3 n = normalize(outward);
    show(along * (diffuse(n, vec3(0.3)) + around(n)), 1.0);
}
"""

_LASHES = """
void main() {
    float comb = 0.5 + 0.5 * sin(spot.x * 5200.0);
    show(vec3(0.012, 0.009, 0.008), openness * (0.6 + 0.4 * comb));
}
"""

_HAIR = """
uniform sampler2D strands;
void main() {
    vec4 paint = texture(strands, spot);
    float cover = clamp((paint.a - height) * 7.0 + 0.5, 0.0, 1.0);
    if (cover < 0.1 || paint.a < 0.02) discard;
    vec3 n = normalize(outward), view = to_camera(), tangent = normalize(along);
    float deep = 0.35 + 0.65 * height;
    vec3 linear = paint.rgb * paint.rgb * (diffuse(n, vec3(0.45)) + around(n));
    vec2 over = vec2(dot(tangent, normalize(to_light[0] + view)), dot(tangent, normalize(to_light[1] + view)));
    over = 1.0 - over * over;
    for (int k = 0; k < 5; ++k) over *= over;      // ^32
    linear += (0.02 + 0.12 * paint.rgb * paint.rgb) * (light[0] * over.x + light[1] * over.y);
    show(linear * deep, cover);
}
"""

#: Kind of surface -> how it is shaded. Each is a program of its own: a software renderer runs every branch.
PICTURE_FRAGMENTS = {
    "skin": _LIGHT + _SKIN,
    "eyes": _LIGHT + _EYE,
    "mouth": _LIGHT + _MOUTH,
    "lashes": _LIGHT + _LASHES,
    "hair": _LIGHT + _HAIR,
}

FLOW_VERTEX = (
    _MOTION
    + """
uniform Motion first, second;
in vec3 place, place_second;
in vec3 canonical;
in vec2 at;
in vec3 traits;
out vec4 there;
out vec3 own;
out vec2 spot;
out float height;
void main() {
    there = projected(moved(second, place_second, traits.y));
    own = canonical;
    spot = at;
    height = traits.z;
    gl_Position = projected(moved(first, place, traits.y));
}
"""
)

#: Out: where the visible point is in the second frame (window pixels), how far away, and its kind of surface
#: (numbered from 1), negative where it is not of the face.
FLOW_FRAGMENT = """
#version 330
uniform vec2 size;
uniform sampler2D strands;
uniform float kind;
in vec4 there;
in vec3 own;
in vec2 spot;
in float height;
out vec4 found;
void main() {
    if (height > 0.0 && texture(strands, spot).a < height) discard;
    vec2 window = (there.xy / there.w * 0.5 + 0.5) * size;
    bool face = kind == 2.0 || kind == 3.0 || (kind == 1.0 && own.y > 6.2 && own.z > 0.6);
    found = vec4(window, there.w, face ? kind : -kind);
}
"""

WALL_VERTEX = """
#version 330
in vec2 corner;
out vec2 where;
void main() { where = corner; gl_Position = vec4(corner, 0.9999, 1.0); }
"""

WALL_FRAGMENT = """
#version 330
uniform vec3 wall;
uniform vec2 wall_slope;
in vec2 where;
out vec4 colour;
void main() { colour = vec4(wall / 255.0 * (1.0 + dot(where, wall_slope)), 1.0); }
"""
