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

#: Light that falls on all surfaces. The camera is so far away that its direction is the same everywhere.
_LIGHT = """
uniform vec3 to_light[2], light[2];
uniform vec3 halfway[2];   // between each light and the camera
uniform vec3 sky, ground;
vec3 diffuse(vec3 n, vec3 wrap, float openness) {   // light that enters skin leaves it further on, red furthest
    vec3 share = 1.0 / (1.0 + wrap);
    vec3 first = max(dot(n, to_light[0]) * share + (1.0 - share), 0.0);
    vec3 second = max(dot(n, to_light[1]) * share + (1.0 - share), 0.0);
    return (light[0] * first + light[1] * second) * (0.35 + 0.65 * openness);
}
vec3 around(vec3 n, float openness) { return mix(ground, sky, 0.5 + 0.5 * n.y) * openness; }
"""

_VERTEX_HEAD = """
uniform Motion now;
in vec3 place, normal;
in vec3 canonical;
in vec2 at;
in vec3 traits;          // openness, follow, height of the shell
out vec2 spot;
out float openness, height;
"""

SURFACE_VERTEX = (
    _MOTION
    + _VERTEX_HEAD
    + """
out vec3 outward, own_colour;
void main() {
    outward = mix(normal, now.turn * normal, traits.y);
    own_colour = canonical;
    spot = at;
    openness = traits.x;
    height = 0.0;
    gl_Position = projected(moved(now, place, traits.y));
}
"""
)

#: Hair is too fine to be lit pixel by pixel. Its `canonical` is the direction of the strands.
HAIR_VERTEX = (
    _MOTION
    + _LIGHT
    + _VERTEX_HEAD
    + """
out vec3 lit, glossy;
void main() {
    vec3 outward = now.turn * normal, along = now.turn * canonical;
    vec2 over = vec2(dot(along, halfway[0]), dot(along, halfway[1]));
    over = 1.0 - over * over;
    for (int k = 0; k < 5; ++k) over *= over;      // ^32
    glossy = light[0] * over.x + light[1] * over.y;
    lit = diffuse(outward, vec3(0.45), traits.x) + around(outward, traits.x);
    spot = at;
    openness = traits.x;
    height = traits.z;
    gl_Position = projected(moved(now, place, traits.y));
}
"""
)

#: Colours are stored as square roots: a picture is shown with gamma 2.
_SHOWN = """
#version 330
in vec3 outward, own_colour, lit, glossy;
in vec2 spot;
in float openness, height;
out vec4 colour;
void show(vec3 linear, float cover) { colour = vec4(sqrt(clamp(linear, 0.0, 1.0)), cover); }
"""

_SKIN = """
uniform sampler2D skin;
void main() {
    vec3 n = normalize(outward);
    vec4 paint = texture(skin, spot);
    vec3 bounce = around(n, openness) * mix(vec3(1.12, 0.97, 0.92), vec3(1.0), openness);
    vec3 linear = paint.rgb * paint.rgb * (diffuse(n, vec3(0.32, 0.2, 0.16), openness) + bounce);
    vec2 near = max(vec2(dot(n, halfway[0]), dot(n, halfway[1])), 0.0);
    near *= near; near *= near; near *= near;      // ^8
    vec2 far = near * near;                        // ^16
    vec2 sharp = far * far; sharp *= sharp;        // ^64
    float rim = 1.0 - abs(n.z);
    float fresnel = 0.035 + 0.25 * rim * rim * rim * rim;
    vec2 gloss = fresnel * (0.9 * far + 1.1 * sharp) * paint.a * openness;
    show(linear + light[0] * gloss.x + light[1] * gloss.y, 1.0);
}
"""

_EYE = """
uniform sampler2D eye;
void main() {
    vec3 n = normalize(outward);
    vec4 paint = texture(eye, spot);
    vec3 linear = paint.rgb * paint.rgb * (0.85 * diffuse(n, vec3(0.3), openness) + around(n, openness)) * openness;
    vec2 near = max(vec2(dot(n, halfway[0]), dot(n, halfway[1])), 0.0);
    for (int k = 0; k < 7; ++k) near *= near;      // ^128
    show(linear + openness * 0.8 * (light[0] * near.x + light[1] * near.y), 1.0);
}
"""

_MOUTH = """
void main() {   // teeth and tongue: their colour comes with the vertex
    vec3 n = normalize(outward);
    show(own_colour * (diffuse(n, vec3(0.3), openness) + around(n, openness)), 1.0);
}
"""

_LASHES = """
void main() {
    if (openness < 0.15) discard;   // the least coverage of a pixel is one sample of four
    show(vec3(0.012, 0.009, 0.008), openness);
}
"""

_HAIR = """
uniform sampler2D strands;
void main() {
    vec4 paint = texture(strands, spot);
    float cover = clamp((paint.a - height) * 7.0 + 0.5, 0.0, 1.0);
    if (cover < 0.1 || paint.a < 0.02) discard;
    vec3 own = paint.rgb * paint.rgb;
    show((own * lit + (0.02 + 0.12 * own) * glossy) * (0.35 + 0.65 * height), cover);
}
"""

#: Kind of surface -> how it is shaded. Each is a program of its own: a software renderer runs every branch.
PICTURE_FRAGMENTS = {
    "skin": _SHOWN + _LIGHT + _SKIN,
    "eyes": _SHOWN + _LIGHT + _EYE,
    "mouth": _SHOWN + _LIGHT + _MOUTH,
    "lashes": _SHOWN + _LASHES,
    "hair": _SHOWN + _HAIR,
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
