# SPDX-License-Identifier: GPL-2.0
#
# From abidw's XML, one line for each thing that a program relies on: fields and
# where they are, constants, functions.

# attribute(NAME): its value in this line
function attribute(name,  value)
{
	if (!match($0, " " name "='[^']*'"))
		return ""
	value = substr($0, RSTART, RLENGTH)
	return substr(value, length(name) + 4, length(value) - length(name) - 4)
}

function type(id)
{
	if (id in name)
		return name[id]
	return (id in to) ? type(to[id]) " " how[id] : "?"
}

/ id='/ && / name='/ { name[attribute("id")] = attribute("name") }
/<pointer-type-def/ { to[attribute("id")] = attribute("type-id"); how[attribute("id")] = "*" }
/<qualified-type-def/ { to[attribute("id")] = attribute("type-id"); how[attribute("id")] = "const" }
/<array-type-def/ {
	name[attribute("id")] = "array of " attribute("size-in-bits") " bits"
}

# Types may be named after they are used: all is printed in the end.
/<class-decl/ { in_struct = attribute("name") }
/<\/class-decl/ { in_struct = "" }
/<data-member/ { offset = attribute("layout-offset-in-bits") }
/<var-decl/ && in_struct {
	line[++n] = "field " in_struct "." attribute("name") " at bit " offset ":"
	of[n] = attribute("type-id")
}
/<enumerator / {
	# abi.sh names a constant so.
	constant = attribute("name")
	sub(/^its_/, "", constant)
	line[++n] = "constant " constant " = " attribute("value")
}
/<function-decl/ && / elf-symbol-id=/ {
	line[++n] = "function " attribute("name") ":"
	in_function = 1
}
/<parameter/ && in_function { of[n] = of[n] "," attribute("type-id") }
/<return/ && in_function { of[n] = of[n] "," attribute("type-id"); in_function = 0 }

END {
	for (i = 1; i <= n; i++) {
		parts = split(of[i], id, ",")
		text = line[i]
		for (k = 1; k <= parts; k++)
			if (id[k])
				text = text " " type(id[k])
		print text
	}
}
